import { parseArgs } from "node:util";
import { type Form, full, HUGE_BYTES, short } from "./form.ts";

export interface Arguments {
  readonly form: Form;
  /** Parts of curves' names; none: all curves. */
  readonly only: readonly string[];
}

/** @throws Error for what is not known */
export function readArguments(args: string[]): Arguments {
  const { values } = parseArgs({
    args,
    options: { short: { type: "boolean" }, huge: { type: "boolean" }, only: { type: "string", multiple: true } },
  });
  const form = values.short ? short : full;
  return { form: values.huge ? { ...form, bodies: [...form.bodies, HUGE_BYTES] } : form, only: values.only ?? [] };
}
