import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** JupyterLab's token: made at the first start and kept, so that open tabs go on after a restart. 32 random bytes. */
export async function jupyterToken(folder: string): Promise<string> {
  const file = join(folder, "token");
  const kept = await readFile(file, "utf8").catch(() => "");
  if (/^[0-9a-f]{64}$/.test(kept.trim())) return kept.trim();
  const token = randomBytes(32).toString("hex");
  await writeFile(file, `${token}\n`, { mode: 0o600 });
  return token;
}
