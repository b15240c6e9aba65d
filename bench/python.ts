import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "./places.ts";

const run = promisify(execFile);
const uv = join(root, ".python/uv/bin/uv");

/**
 * The Python of the peers' own environment, made or renewed first when its requirements changed. The models'
 * environment stays as it is.
 *
 * @param folder where it is kept
 * @param python the interpreter to make it from: the models', so that all sides run the same one
 * @throws Error with what uv said
 */
export async function peersPython(folder: string, python: string): Promise<string> {
  const requirements = join(import.meta.dirname, "requirements.txt");
  const wanted = createHash("sha256")
    .update(await readFile(requirements))
    .digest("hex");
  const stamp = join(folder, ".bench-stamp");
  const program = join(folder, "bin/python");
  if ((await readFile(stamp, "utf8").catch(() => "")) === wanted) return program;
  await rm(stamp, { force: true });
  await run(uv, ["venv", "--quiet", "--clear", "--python", python, folder]);
  await run(uv, ["pip", "sync", "--quiet", "--python", program, "--require-hashes", requirements]);
  await writeFile(stamp, wanted);
  return program;
}
