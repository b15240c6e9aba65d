import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { Problem } from "#contract/problem.ts";
import { LARGEST, oddPlace, tooLarge, unreadable } from "./file-problems.ts";
import { codeOf, type FileStat, isAbsent, isSame, placeAt, stateOf } from "./file-state.ts";
import type { ParseNotebook } from "./parse.ts";

/**
 * One try to read a notebook. Torn: it is no JSON (yet), in the state `stat`; or, without a state, it changed under
 * the reader's hands. Refused: it cannot be read as it is, which may pass (`isPassing`) without a change of its state.
 */
export type Look =
  | { readonly kind: "whole"; readonly notebook: unknown; readonly stat: FileStat; readonly bytes: number }
  | { readonly kind: "torn"; readonly stat: FileStat | undefined; readonly why: string }
  | { readonly kind: "refused"; readonly stat: FileStat; readonly problem: Problem; readonly isPassing: boolean }
  | { readonly kind: "gone" };

/** From here on the end is looked at before the whole is read: JSON that is still being copied does not end with a brace. */
const LARGE = 2 ** 20;

/** The state of what lies at a path (placeAt), whatever it is. */
export async function stateAt(root: string, path: string): Promise<FileStat | undefined> {
  return (await placeAt(root, path))?.stat;
}

/** Reads a notebook once, and says whether what was read was one state of it. Both paths are absolute; `root` is real. */
export async function look(root: string, path: string, parse: ParseNotebook): Promise<Look> {
  const place = await placeAt(root, path);
  if (!place) return { kind: "gone" };
  if ("odd" in place) return refused(place.stat, oddPlace(place.odd), place.odd.startsWith("E"));
  const before = place.stat;
  if (before.size > LARGEST) return refused(before, tooLarge(before.size), false);
  try {
    // A link that takes the file's place meanwhile is not followed, and a pipe is not waited for.
    await using file = await open(place.file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const opened = stateOf(await file.stat({ bigint: true }));
    if (!isSame(opened, before)) return { kind: "torn", stat: undefined, why: "it is being written" };
    if (before.size > LARGE && !(await endsWithBrace(file, before.size))) return { kind: "torn", stat: before, why: "its end is missing" };
    const bytes = await file.readFile();
    const length = bytes.length;
    const after = await stateAt(root, path);
    if (!after || !isSame(opened, after) || after.size !== length) return { kind: "torn", stat: undefined, why: "it is being written" };
    const parsed = await parse(bytes);
    return "why" in parsed
      ? { kind: "torn", stat: after, why: parsed.why }
      : { kind: "whole", notebook: parsed.notebook, stat: after, bytes: length };
  } catch (error) {
    if (isAbsent(error)) return { kind: "torn", stat: undefined, why: "it is being replaced" };
    return refused(before, unreadable(codeOf(error)), true);
  }
}

function refused(stat: FileStat, problem: Problem, isPassing: boolean): Look {
  return { kind: "refused", stat, problem, isPassing };
}

async function endsWithBrace(file: FileHandle, size: number): Promise<boolean> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(16), 0, 16, size - 16);
  return buffer.toString("latin1", 0, bytesRead).trimEnd().endsWith("}");
}
