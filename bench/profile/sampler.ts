import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { type Stack, stacksOfWorker } from "./stacks.ts";

const SAMPLES_A_SECOND = 500;
/** Threads that wait for the end of something, whatever the system says of them. */
const WAITING = /^(end_with\.<locals>\.watch|Descriptors\._follow) /;

/** Samples a running Python process. @param python of the environment that has py-spy @throws Error with what py-spy said */
export async function sampleWorker(python: string, pid: number, seconds: number, folder: string): Promise<readonly Stack[]> {
  const file = join(folder, `worker-${pid}.txt`);
  const args = ["record", "--pid", String(pid), "--rate", String(SAMPLES_A_SECOND), "--duration", String(seconds), "--format", "raw"];
  // A process that is stopped for each sample is seen waking up from it, and little else.
  await promisify(execFile)(join(dirname(python), "py-spy"), [...args, "--nonblocking", "--full-filenames", "--output", file]);
  return stacksOfWorker(await readFile(file, "utf8")).filter(({ frames }) => !WAITING.test(frames.at(-1) ?? ""));
}
