import { expect } from "vitest";
import type { SearchResult } from "./result.ts";

/** Expects that a search failed as a person wants it: one clear line in the search bar, and a clean end. */
export function expectSentence({ error, exitCode, signal, stderr, rows, replies }: SearchResult, says: RegExp): void {
  expect(error).toMatch(says);
  expect(error, "one line, and no trace of a program").not.toMatch(/\n|Traceback|Error\(|\[Errno|0x[0-9a-f]{6}/);
  expect(error?.length).toBeLessThan(600);
  expect({ exitCode, signal, stderr, rows: rows.length }).toEqual({ exitCode: 0, signal: null, stderr: "", rows: 0 });
  expect(replies.at(-1)?.metadata.finished).toBe(true);
}
