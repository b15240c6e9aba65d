import { constants } from "node:fs";
import { type FileHandle, lstat, open, realpath } from "node:fs/promises";
import { dirname } from "node:path";
import type { ParseNotebook } from "./parse.ts";

/** A file's state: when it is equal, so are the bytes, but for writes within one tick of the file system's clock. */
export interface FileStat {
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly ino: bigint;
}

/**
 * One try to read a notebook. Torn: it is no JSON (yet), in the state `stat`; or, without a state, it changed under
 * the reader's hands.
 */
export type Look =
  | { readonly kind: "whole"; readonly notebook: unknown; readonly stat: FileStat; readonly bytes: number }
  | { readonly kind: "torn"; readonly stat: FileStat | undefined; readonly why: string }
  | { readonly kind: "gone" };

/** From here on the end is looked at before the whole is read: JSON that is still being copied does not end with a brace. */
const LARGE = 2 ** 20;

/** The state of a plain file in a folder that is reached without symbolic links; undefined for all else, and for what cannot be reached. */
export async function statOf(path: string): Promise<FileStat | undefined> {
  try {
    if ((await realpath(dirname(path))) !== dirname(path)) return undefined;
    return stateOf(await lstat(path, { bigint: true }));
  } catch {
    return undefined;
  }
}

/**
 * Whether `statOf` would still say what was seen. Every call asks it of its notebook: one look is enough where nothing
 * changed, since a file that is the same one is so by whatever way it is reached.
 */
export async function isAsSeen(path: string, seen: FileStat | undefined): Promise<boolean> {
  if (seen) {
    const found = await lstat(path, { bigint: true }).catch(() => undefined);
    if (found && isSame(stateOf(found), seen)) return true;
  }
  return isSame(await statOf(path), seen);
}

export function isSame(a: FileStat | undefined, b: FileStat | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && a.ino === b.ino && a.size === b.size && a.mtimeNs === b.mtimeNs);
}

/** Reads a notebook once, and says whether what was read was one state of it. `path` is absolute and real. */
export async function look(path: string, parse: ParseNotebook): Promise<Look> {
  try {
    const before = await statOf(path);
    if (!before) return { kind: "gone" };
    // A link that takes the file's place meanwhile is not followed.
    await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    if (before.size > LARGE && !(await endsWithBrace(file, before.size))) return { kind: "torn", stat: before, why: "its end is missing" };
    const opened = stateOf(await file.stat({ bigint: true }));
    const bytes = await file.readFile();
    const after = await statOf(path);
    if (!isSame(opened, after) || after?.size !== bytes.length) return { kind: "torn", stat: undefined, why: "it is being written" };
    const parsed = await parse(bytes);
    return "why" in parsed
      ? { kind: "torn", stat: after, why: parsed.why }
      : { kind: "whole", notebook: parsed.notebook, stat: after, bytes: after.size };
  } catch (error) {
    if (isAbsent(error)) return { kind: "gone" };
    return { kind: "torn", stat: await statOf(path), why: error instanceof Error ? error.message : String(error) };
  }
}

async function endsWithBrace(file: FileHandle, size: number): Promise<boolean> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(16), 0, 16, size - 16);
  return buffer.toString("latin1", 0, bytesRead).trimEnd().endsWith("}");
}

function stateOf(found: { isFile(): boolean; size: bigint; mtimeNs: bigint; ino: bigint }): FileStat | undefined {
  return found.isFile() ? { size: Number(found.size), mtimeNs: found.mtimeNs, ino: found.ino } : undefined;
}

function isAbsent(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP";
}
