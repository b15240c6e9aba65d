import type { Dirent } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Problem } from "#contract/problem.ts";
import { type FileStat, statOf } from "./file-state.ts";
import type { Files } from "./siblings.ts";

/** More than this is data, which belongs into `app/model/data`: each version is a copy. */
const MOST_FILES = 2000;
const MOST_BYTES = 64 * 2 ** 20;

/** A module in `app/model/`: a Python file, or a package's folder. */
export interface ModulePlace {
  readonly name: string;
  /** `<name>.py`, or the folder's name. */
  readonly entry: string;
}

/** The module that an entry of `app/model/` is or would be; undefined for what is none by its name. */
export function moduleAt(entry: string): ModulePlace | undefined {
  if (entry.startsWith(".") || entry === "data" || entry === "__pycache__" || entry === "__init__.py") return undefined;
  if (entry.endsWith(".py")) return { name: entry.slice(0, -3), entry };
  return entry.includes(".") ? undefined : { name: entry, entry };
}

/** All modules in `root`, by name: files `<name>.py`, and folders with an `__init__.py`. Links are not followed. */
export async function listModules(root: string): Promise<ModulePlace[]> {
  const entries: Dirent[] = await readdir(root, { withFileTypes: true }).catch(() => []);
  const found: ModulePlace[] = [];
  for (const each of entries) {
    const place = moduleAt(each.name);
    if (!place || !(each.isFile() ? each.name.endsWith(".py") : each.isDirectory())) continue;
    if (each.isFile() || (await statOf(join(root, each.name, "__init__.py")))) found.push(place);
  }
  return found.toSorted((a, b) => (a.entry < b.entry ? -1 : 1));
}

/** The states of all files of a module, by path relative to `root`; empty when it is not there. */
export async function statesOf(root: string, { entry }: ModulePlace): Promise<Map<string, FileStat>> {
  const states = new Map<string, FileStat>();
  const paths = entry.endsWith(".py") ? [entry] : await packagePaths(root, entry);
  for (const path of paths) {
    const state = await statOf(join(root, path));
    if (state) states.set(path, state);
  }
  if (!entry.endsWith(".py") && !states.has(`${entry}/__init__.py`)) states.clear();
  return states;
}

/**
 * A module's files by path in a version's folder (`app/model/…`), the one with the entry points first.
 * Texts are what is UTF-8. Undefined when it is not there.
 */
export async function readModule(root: string, place: ModulePlace): Promise<{ files: Files } | { problem: Problem } | undefined> {
  const states = await statesOf(root, place);
  if (states.size === 0) return undefined;
  const bytes = [...states.values()].reduce((sum, { size }) => sum + size, 0);
  if (states.size > MOST_FILES || bytes > MOST_BYTES) return { problem: tooLarge(states.size, bytes) };
  const main = mainOf(place);
  const files: Record<string, string | Uint8Array> = {};
  for (const path of [main, ...[...states.keys()].filter((each) => each !== main).toSorted()]) {
    files[`app/model/${path}`] = textOrBytes(await readFile(join(root, path)));
  }
  return { files };
}

/** The file with a module's entry points, relative to `app/model/`. */
export function mainOf({ entry }: ModulePlace): string {
  return entry.endsWith(".py") ? entry : `${entry}/__init__.py`;
}

async function packagePaths(root: string, folder: string): Promise<string[]> {
  const entries: Dirent[] = await readdir(join(root, folder), { withFileTypes: true }).catch(() => []);
  const found: string[] = [];
  for (const each of entries) {
    if (each.name.startsWith(".") || each.name === "__pycache__") continue;
    const path = `${folder}/${each.name}`;
    if (each.isDirectory()) found.push(...(await packagePaths(root, path)));
    else if (each.isFile()) found.push(path);
  }
  return found;
}

function textOrBytes(bytes: Buffer): string | Uint8Array {
  try {
    // A text's first character may be a byte order mark: it is the text's.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return new Uint8Array(bytes);
  }
}

function tooLarge(files: number, bytes: number): Problem {
  return {
    severity: "error",
    code: "module-too-large",
    message: `The package has ${files} files of ${Math.ceil(bytes / 2 ** 20)} MiB; each version is a copy of it, so ${MOST_FILES} files and ${MOST_BYTES / 2 ** 20} MiB are the most.`,
    hint: "Move data into app/model/data and read it from there.",
  };
}
