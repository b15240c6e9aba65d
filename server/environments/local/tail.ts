import { closeSync, fstatSync, openSync, readSync } from "node:fs";

const BYTES = 4096;
const LINES = 20;

/** The last lines of a file, at most 20 and 4 kB; empty when there is none. */
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
    return bytes.toString("utf8").trimEnd().split("\n").slice(-LINES).join("\n");
  } finally {
    closeSync(file);
  }
}
