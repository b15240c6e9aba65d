import type { Problem } from "#contract/problem.ts";
import type { CheckAnswer } from "./answer.ts";

/** Texts, and what is no text, by path. Buffers are no such bytes: hashes take them for JSON. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/** A live version of another algorithm, as its folder holds it. */
export interface Sibling {
  readonly version: string;
  /** Its own files and those of its siblings, by path in the version's folder. */
  readonly files: Files;
  /** Its siblings' versions, by module. */
  readonly siblings: Readonly<Record<string, string>>;
}

/** Finds the live version of a module of `app.model`. */
export type FindSibling = (module: string) => Sibling | undefined | Promise<Sibling | undefined>;

/** Where a module's file lies in a version's folder. */
export function modulePath(module: string, extension = ".py"): string {
  return `app/model/${module}${extension}`;
}

/** Of files by path in a version's folder, a module's own: one file, or all of a package. */
function filesOf(module: string, files: Files = {}): [string, string | Uint8Array][] {
  const [file, folder] = [modulePath(module), modulePath(module, "/")];
  return Object.entries(files).filter(([path]) => path === file || path.startsWith(folder));
}

/**
 * Copies what the code imports, and what that imports in turn, so that a version never changes under its calls.
 * Each module is there once, as it is live now; the copy that an importing sibling recorded serves only when it is live no more.
 */
export async function collectSiblings(own: string, needs: CheckAnswer["needs"], find: FindSibling) {
  const files: Record<string, string | Uint8Array> = {};
  const siblings: Record<string, string> = {};
  const problems: Problem[] = [];
  const known = new Set([own]);
  const take = async (module: string, from?: Sibling): Promise<boolean> => {
    const live = await find(module);
    const its = filesOf(module, (live ?? from)?.files);
    const version = live?.version ?? from?.siblings[module];
    if (its.length === 0 || version === undefined) return false;
    for (const [path, content] of its) files[path] = content;
    siblings[module] = version;
    const inner = live ?? from;
    for (const each of live ? Object.keys(live.siblings) : []) {
      if (known.has(each)) continue;
      known.add(each);
      await take(each, inner);
    }
    return true;
  };
  for (const { module, ...place } of needs) {
    if (known.has(module)) continue;
    known.add(module);
    if (await take(module)) continue;
    problems.push({
      severity: "warning",
      code: "missing-sibling",
      ...place,
      message: `app.model.${module} is imported, but no algorithm of that name is live.`,
      hint: `Save the notebook ${module}, or lay ${module}.py into app/model: this one is then exported again.`,
    });
  }
  return { files, siblings, problems };
}
