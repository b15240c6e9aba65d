import { parseArgs } from "node:util";
import { type Form, full, long, short } from "./form.ts";
import { measures } from "./measures/index.ts";
import type { Measure } from "./measures/measure.ts";

export interface Arguments {
  readonly form: Form;
  /** A checkout of DSDL's container: its own server runs in place of the stand-in. */
  readonly dsdl: string | undefined;
  readonly measures: readonly Measure[];
  /** Whether those are all that the form has. */
  readonly isAll: boolean;
  /** Names of peers to start; undefined: all that the form has. */
  readonly peers: readonly string[] | undefined;
}

/** @throws Error for what is not known */
export function readArguments(args: string[]): Arguments {
  const { values } = parseArgs({
    args,
    options: {
      short: { type: "boolean" },
      long: { type: "boolean" },
      huge: { type: "boolean" },
      lab: { type: "boolean" },
      dsdl: { type: "string" },
      only: { type: "string", multiple: true },
      peer: { type: "string", multiple: true },
    },
  });
  const { only = [], peer: peers, dsdl } = values;
  const isIn = (measure: Measure) => measure.only === undefined || Boolean(values[measure.only]);
  return {
    ...{ dsdl, peers },
    form: { ...(values.short ? short : full), ...(values.long ? long : {}) },
    measures: measures.filter((each) => isIn(each) && (only.length === 0 || only.some((part) => each.id.includes(part)))),
    isAll: only.length === 0 && peers === undefined && !values.short,
  };
}
