import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { type Stack, stacksOfWorker } from "./stacks.ts";

/** Each sample stops the process for a moment: more of them would measure themselves. */
const SAMPLES_A_SECOND = 250;

/** Samples a running Python process. @param python of the environment that has py-spy @throws Error with what py-spy said */
export async function sampleWorker(python: string, pid: number, seconds: number, folder: string): Promise<readonly Stack[]> {
  const file = join(folder, `worker-${pid}.txt`);
  const args = ["record", "--pid", String(pid), "--rate", String(SAMPLES_A_SECOND), "--duration", String(seconds), "--format", "raw"];
  await promisify(execFile)(join(dirname(python), "py-spy"), [...args, "--full-filenames", "--output", file]);
  return stacksOfWorker(await readFile(file, "utf8"));
}
