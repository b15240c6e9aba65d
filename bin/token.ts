import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { NotFound } from "#contract/errors.ts";

/** The generated token of the bridge of this home. @throws NotFound before the first start */
export async function readToken(home: string): Promise<string> {
  const file = join(home, ".bridge", "token");
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) throw new NotFound("token file", file, ["bridge start, which makes it"]);
  return text.trim();
}
