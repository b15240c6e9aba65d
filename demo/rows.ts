import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** CSV texts: every row, and the same rows in two parts. The last column, `diagnosis`, is the label. */
export interface Rows {
  readonly all: string;
  readonly train: string;
  readonly test: string;
}

/** @param python of the models' environment, which the data set ships with */
export async function readRows(python: string): Promise<Rows> {
  const folder = await mkdtemp(join(tmpdir(), "rows-"));
  try {
    await promisify(execFile)(python, [join(import.meta.dirname, "rows.py"), folder]);
    const part = (name: string): Promise<string> => readFile(join(folder, `${name}.csv`), "utf8");
    return { all: await part("all"), train: await part("train"), test: await part("test") };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** One column of a CSV without quotes, as the demo's rows and answers are. @throws Error when it is not there */
export function column(csv: string, name: string): string[] {
  const [header = "", ...lines] = csv.trim().split(/\r?\n/);
  const at = header.split(",").indexOf(name);
  if (at < 0) throw new Error(`The answer has no column ${name}, only ${header}.`);
  return lines.map((line) => line.split(",")[at] ?? "");
}
