import type { BigIntStats } from "node:fs";
import { lstat, realpath } from "node:fs/promises";
import { dirname, sep } from "node:path";

/** A file's state: when it is equal, so are the bytes, but for writes within one tick of the file system's clock. */
export interface FileStat {
  readonly size: number;
  readonly mtimeNs: bigint;
  /** Tools set mtimes as they like (`touch -d`, `rsync --times`, unpacked archives); this one only the system sets. */
  readonly ctimeNs: bigint;
  readonly ino: bigint;
}

/** Why what lies at a path cannot be read, whatever it holds; a system's code such as `EACCES` for errors. */
export type Odd = "link to nothing" | "link to the outside" | "folder" | "special" | `E${string}`;

/** What lies at a path: a file to read, or something odd, which has a state as well, so that its changes are seen. */
export type Place =
  | { readonly file: string; readonly stat: FileStat; readonly isLink: boolean; readonly device: bigint }
  | { readonly odd: Odd; readonly stat: FileStat };

const NOTHING_KNOWN: FileStat = { size: 0, mtimeNs: 0n, ctimeNs: 0n, ino: 0n };

/** The state of a plain file in a folder that is reached without symbolic links; undefined for all else, and for what cannot be reached. */
export async function statOf(path: string): Promise<FileStat | undefined> {
  try {
    if ((await realpath(dirname(path))) !== dirname(path)) return undefined;
    const found = await lstat(path, { bigint: true });
    return found.isFile() ? stateOf(found) : undefined;
  } catch {
    return undefined;
  }
}

export function isSame(a: FileStat | undefined, b: FileStat | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.ino === b.ino && a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs;
}

/**
 * What lies at `path`, which is below `root`; both are absolute, and `root` is real. Of symbolic links only those at the
 * path itself are followed, and only to what lies below `root`. Undefined: nothing.
 */
export async function placeAt(root: string, path: string): Promise<Place | undefined> {
  try {
    const found = await lstat(path, { bigint: true });
    if ((await realpath(dirname(path))) !== dirname(path)) return undefined;
    if (!found.isSymbolicLink()) return placeOf(found, path, false);
    const target = await targetOf(path);
    if (target === undefined) return { odd: "link to nothing", stat: stateOf(found) };
    if (!target.startsWith(root + sep)) return { odd: "link to the outside", stat: stateOf(found) };
    return placeOf(await lstat(target, { bigint: true }), target, true);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    return { odd: codeOf(error), stat: NOTHING_KNOWN };
  }
}

export function stateOf({ size, mtimeNs, ctimeNs, ino }: BigIntStats): FileStat {
  return { size: Number(size), mtimeNs, ctimeNs, ino };
}

/** The system's code of an error. */
export function codeOf(error: unknown): `E${string}` {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return code.startsWith("E") ? `E${code.slice(1)}` : "EUNKNOWN";
}

export function isAbsent(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR", "ELOOP"].includes(codeOf(error));
}

function placeOf(found: BigIntStats, file: string, isLink: boolean): Place {
  const stat = stateOf(found);
  if (found.isFile()) return { file, stat, isLink, device: found.dev };
  return { odd: found.isDirectory() ? "folder" : "special", stat };
}

async function targetOf(link: string): Promise<string | undefined> {
  return realpath(link).catch((error: unknown) => {
    if (isAbsent(error)) return undefined;
    throw error;
  });
}
