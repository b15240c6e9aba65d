import { closeSync, fstatSync, openSync, readSync } from "node:fs";

const BYTES = 16_384;
/** Room for the stack of a crash, whose first lines tell most. */
const LINES = 60;
const LONGEST_LINE = 300;

/** The last lines of a file, at most 60 of the last 16 kB, long ones cut; empty when there is none. */
export function lastLines(path: string): string {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return "";
  }
  try {
    const { size } = fstatSync(file);
    const bytes = Buffer.alloc(Math.min(size, BYTES));
    readSync(file, bytes, 0, bytes.length, size - bytes.length);
    const lines = bytes.toString("utf8").trimEnd().split("\n").slice(-LINES);
    return lines.map((each) => (each.length > LONGEST_LINE ? `${each.slice(0, LONGEST_LINE)} …` : each)).join("\n");
  } finally {
    closeSync(file);
  }
}
