import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "./places.ts";

const run = promisify(execFile);
const uv = join(root, ".python/uv/bin/uv");

/**
 * The Python of an environment of its own, made or renewed first when its requirements changed. The models' environment
 * stays as it is.
 *
 * @param folder where it lies, absolute
 * @param requirements a file with hashes
 * @param python the interpreter to make it from: the models', so that all sides run the same one
 * @throws Error with what uv said
 */
export async function environmentPython(folder: string, requirements: string, python: string): Promise<string> {
  const wanted = createHash("sha256")
    .update(await readFile(requirements))
    .digest("hex");
  const stamp = join(folder, ".bench-stamp");
  const program = join(folder, "bin/python");
  if ((await readFile(stamp, "utf8").catch(() => "")) === wanted) return program;
  await rm(stamp, { force: true });
  try {
    await run(uv, ["venv", "--quiet", "--clear", "--python", python, folder]);
    await run(uv, ["pip", "sync", "--quiet", "--python", program, "--require-hashes", requirements]);
  } catch (error) {
    throw new Error(`its packages could not be installed: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
  await writeFile(stamp, wanted);
  return program;
}
