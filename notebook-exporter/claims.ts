import { posix } from "node:path";
import { nameKey } from "#contract/names.ts";
import type { Problem } from "#contract/problem.ts";

/** The name that a notebook gives its algorithm: its file's name less the last ending, whatever folder it lies in. */
export function nameOf(path: string): string {
  return posix.basename(path).replace(/\.ipynb$/i, "");
}

/**
 * Of the notebooks or modules given (paths with slashes), those whose name another one claims too, ignoring case:
 * an error for each, naming the others. None of them may go live.
 */
export function claims(notebooks: Iterable<string>, named: (path: string) => string = nameOf): Map<string, Problem> {
  const byName = Map.groupBy(notebooks, (each) => nameKey(named(each)));
  const found = new Map<string, Problem>();
  for (const claimants of byName.values()) {
    if (claimants.length < 2) continue;
    for (const each of claimants) {
      const others = claimants.filter((other) => other !== each).toSorted();
      found.set(each, {
        severity: "error",
        code: "name-claimed-twice",
        message: `The name "${named(each)}" is claimed by ${others.join(" and ")} too, and capitals make no difference.`,
        hint: "Rename all but one of them.",
      });
    }
  }
  return found;
}
