import { parseArgs } from "node:util";
import { type Form, full, short } from "./form.ts";

export interface Arguments {
  readonly form: Form;
  /** A checkout of DSDL's container: its own server runs in place of the stand-in. */
  readonly dsdl: string | undefined;
  /** Parts of measures' ids; none: all measures. */
  readonly only: readonly string[];
}

/** @throws Error for what is not known */
export function readArguments(args: string[]): Arguments {
  const { values } = parseArgs({
    args,
    options: { short: { type: "boolean" }, dsdl: { type: "string" }, only: { type: "string", multiple: true } },
  });
  return { form: values.short ? short : full, dsdl: values.dsdl, only: values.only ?? [] };
}
