import type { Problem } from "#contract/problem.ts";
import type { CheckAnswer } from "./answer.ts";

/** A live version of another algorithm, as its folder holds it. */
export interface Sibling {
  readonly version: string;
  /** Its own file and those of its siblings, by path in the version's folder. */
  readonly files: Readonly<Record<string, string>>;
  /** Its siblings' versions, by module. */
  readonly siblings: Readonly<Record<string, string>>;
}

/** Finds the live version of a module of `app.model`. */
export type FindSibling = (module: string) => Sibling | undefined | Promise<Sibling | undefined>;

/** Where a module's file lies in a version's folder. */
export function modulePath(module: string, extension = ".py"): string {
  return `app/model/${module}${extension}`;
}

/**
 * Copies what the code imports, and what that imports in turn, so that a version never changes under its calls.
 * Each module is there once, as it is live now; the copy that an importing sibling recorded serves only when it is live no more.
 */
export async function collectSiblings(own: string, needs: CheckAnswer["needs"], find: FindSibling) {
  const files: Record<string, string> = {};
  const siblings: Record<string, string> = {};
  const problems: Problem[] = [];
  const known = new Set([own]);
  const take = async (module: string, from?: Sibling): Promise<boolean> => {
    const path = modulePath(module);
    const live = await find(module);
    const text = live?.files[path] ?? from?.files[path];
    const version = live?.version ?? from?.siblings[module];
    if (text === undefined || version === undefined) return false;
    files[path] = text;
    siblings[module] = version;
    const inner = live ?? from;
    for (const each of live ? Object.keys(live.siblings) : []) {
      if (known.has(each)) continue;
      known.add(each);
      await take(each, inner);
    }
    return true;
  };
  for (const { module, cell, line } of needs) {
    if (known.has(module)) continue;
    known.add(module);
    if (await take(module)) continue;
    problems.push({
      severity: "warning",
      code: "missing-sibling",
      cell,
      line,
      message: `app.model.${module} is imported, but no algorithm of that name is live.`,
      hint: `Save the notebook ${module} first, then this one again.`,
    });
  }
  return { files, siblings, problems };
}
