import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { modelsPython, root } from "../places.ts";

const run = promisify(execFile);

/** Where pictures of measurements go. */
export const picturesFolder = join(root, "docs/pictures");

/** The Python that draws and samples, in an environment of its own, made or renewed first when its requirements changed. @throws Error with what uv said */
export async function picturesPython(): Promise<string> {
  const folder = join(root, ".python/bench-pictures");
  const uv = join(root, ".python/uv/bin/uv");
  const requirements = join(import.meta.dirname, "requirements.txt");
  const wanted = createHash("sha256")
    .update(await readFile(requirements))
    .digest("hex");
  const stamp = join(folder, ".bench-stamp");
  const program = join(folder, "bin/python");
  if ((await readFile(stamp, "utf8").catch(() => "")) === wanted) return program;
  await rm(stamp, { force: true });
  await run(uv, ["venv", "--quiet", "--clear", "--python", modelsPython, folder]);
  await run(uv, ["pip", "sync", "--quiet", "--python", program, "--require-hashes", requirements]);
  await writeFile(stamp, wanted);
  return program;
}
