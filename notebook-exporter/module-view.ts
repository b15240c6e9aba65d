import { type BigIntStats, lstatSync } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { type FileStat, isSame, stateOf } from "./file-state.ts";
import { type ModulePlace, statesOf } from "./module-files.ts";

/** Of a package with more files than this a call looks at the folders alone, which tell of what was renamed into them, made or removed. */
const MOST_FILES = 16;

/** A module as it was seen. */
export interface ModuleView {
  /** Equal for two views when all files are the same; empty when it is not there. */
  readonly text: string;
  /** What `isAsSeen` compares, files and folders; undefined where looking may take long, or nothing is there. */
  readonly parts: readonly Part[] | undefined;
}

interface Part {
  readonly path: string;
  readonly stat: FileStat;
}

/** @param quick the device of `root` (quick-look.ts), which all parts must lie on */
export async function viewOf(root: string, place: ModulePlace, quick: bigint | undefined): Promise<ModuleView> {
  // Folders first: what is made in them meanwhile leaves them other than they were seen.
  const folders = quick === undefined || place.entry.endsWith(".py") ? [] : await foldersIn(join(root, place.entry));
  const states = await statesOf(root, place);
  const text = [...states].map(([path, state]) => `${path}\0${Object.values(state).join("\0")}`).join("\0\0");
  if (quick === undefined || text === "") return { text, parts: undefined };
  const parts: Part[] = [];
  for (const { path, found } of folders) {
    if (found?.dev !== quick) return { text, parts: undefined };
    parts.push({ path, stat: stateOf(found) });
  }
  for (const [path, stat] of states.size > MOST_FILES ? [] : states) {
    const found = await lookAt(join(root, path));
    if (found?.dev !== quick) return { text, parts: undefined };
    parts.push({ path: join(root, path), stat });
  }
  return { text, parts };
}

/** Whether all parts are as they were seen, found out at once. */
export function isAsSeen({ parts }: ModuleView): boolean {
  return parts?.every(({ path, stat }) => isSame(stateNow(path), stat)) === true;
}

function stateNow(path: string): FileStat | undefined {
  try {
    const found = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    return found && stateOf(found);
  } catch {
    return undefined;
  }
}

/** A package's folder and those in it whose names count, as they were before they were read. */
async function foldersIn(path: string): Promise<{ path: string; found: BigIntStats | undefined }[]> {
  const all = [{ path, found: await lookAt(path) }];
  for (const each of await readdir(path, { withFileTypes: true }).catch(() => [])) {
    if (!each.isDirectory() || each.name.startsWith(".") || each.name === "__pycache__") continue;
    all.push(...(await foldersIn(join(path, each.name))));
  }
  return all;
}

async function lookAt(path: string): Promise<BigIntStats | undefined> {
  return await lstat(path, { bigint: true }).catch(() => undefined);
}
