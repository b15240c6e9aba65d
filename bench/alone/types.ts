import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { modelsPython } from "../places.ts";
import type { Taken } from "./taken.ts";

/** The worker's reading of random CSVs beside pandas' (random_csvs.py). */
export async function takeTypes({ csvs }: { readonly csvs: number }): Promise<Taken> {
  const script = join(import.meta.dirname, "../random_csvs.py");
  const { stdout } = await promisify(execFile)(modelsPython, [script, String(csvs)]);
  return JSON.parse(stdout);
}
