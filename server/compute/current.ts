import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { contentOf } from "../../notebook-exporter/content.ts";
import { type FileStat, isSame, stateOf } from "../../notebook-exporter/file-state.ts";
import { stays } from "./publish-modules.ts";

/** The content of a notebook as it lies there. Undefined: it is gone, or is being written. */
export async function contentNow(notebooks: string, path: string): Promise<string | undefined> {
  try {
    return contentOf(JSON.parse(await readFile(join(notebooks, path), "utf8")));
  } catch {
    return undefined;
  }
}

/** Whether a notebook has this content still. It is read, as it may be long, only when its file changed. */
export function notChanged(notebooks: string, path: string, content: string, state: FileStat): () => Promise<boolean> {
  const isContent = stays(() => contentNow(notebooks, path), content);
  let looked = state;
  return async () => {
    // One that is gone was saved all the same: its version serves on.
    const now = stateOf(await stat(join(notebooks, path), { bigint: true }));
    if (isSame(now, looked)) return true;
    looked = now;
    return await isContent();
  };
}
