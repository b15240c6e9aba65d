import { entryPointNames } from "#contract/manifest.ts";
import type { Problem } from "#contract/problem.ts";

/**
 * What an algorithm that fits calls besides itself (contract, section 2). One that only applies, or a library, is whole as
 * it is: its old clients ask for load and summary, and are told of that by their calls.
 */
const neededBy: readonly (readonly [string, readonly string[]])[] = [
  ["init", ["fit"]],
  ["fit", ["init", "apply", "save", "load", "summary"]],
  ["save", ["load"]],
];
const setUp: ReadonlySet<string> = new Set(["init", "save", "load"]);

/** What a call may name. */
export function methodsOf(entryPoints: readonly string[]): string[] {
  return entryPoints.filter((each) => !setUp.has(each));
}

/** Warnings for entry points that others need, where that can matter. An algorithm may do without, until a call comes that needs one. */
export function missingEntryPoints(found: readonly string[], where = "an exported cell"): Problem[] {
  const missing = new Map<string, string>();
  for (const [user, needed] of neededBy) {
    if (!found.includes(user)) continue;
    for (const each of needed) if (!found.includes(each) && !missing.has(each)) missing.set(each, user);
  }
  return entryPointNames
    .filter((each) => missing.has(each))
    .map((each) => ({
      severity: "warning",
      code: "missing-entry-point",
      message: `${missing.get(each)} is defined but ${each} is not, and calls need both.`,
      hint: `Define ${each} in ${where}.`,
    }));
}
