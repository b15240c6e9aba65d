import type { Call } from "#contract/call.ts";
import type { Target } from "./target.ts";

/**
 * Why a call must have all its rows at once; undefined: they may come in parts, each computed for itself, as the
 * result of each row depends on that row alone and no column's type depends on rows of another part.
 *
 * @param columns of the rows, as far as known: the first part's
 */
export function whyWhole(call: Call, { manifest, model }: Target, columns: readonly string[]): string | undefined {
  const { options, name } = manifest;
  if (call.method !== "apply") return `${call.method} always needs all rows at once.`;
  if (options.apply !== "row-wise") {
    return `${call.method} of ${name} needs all rows at once: its notebook does not say options.apply = "row-wise".`;
  }
  const typed = [...Object.keys(options.types ?? {}), ...(model?.signature ?? []).map((each) => each.name)];
  if (typed.length === 0) return `${name} needs all rows at once: neither its notebook nor its model says what types columns have.`;
  const untyped = (call.fields ?? columns).filter((each) => !typed.includes(each));
  if (untyped.length === 0) return undefined;
  const shown = untyped.slice(0, MOST_SHOWN).join(", ") + (untyped.length > MOST_SHOWN ? ", …" : "");
  return `${name} needs all rows at once: neither its notebook nor its model says what types these columns have: ${shown}. Name the columns that it needs with fields=.`;
}

const MOST_SHOWN = 5;
