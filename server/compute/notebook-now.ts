import { readFile, stat } from "node:fs/promises";
import { contentOf } from "../../notebook-exporter/content.ts";
import { type FileStat, isSame, stateOf } from "../../notebook-exporter/file-state.ts";
import { stays } from "./superseded.ts";

/** The content of a notebook's file, read anew. Undefined: it is gone, or is being written. */
export async function contentNow(file: string): Promise<string | undefined> {
  try {
    return contentOf(JSON.parse(await readFile(file, "utf8")));
  } catch {
    return undefined;
  }
}

/** Whether a file still holds this content. Reads it, which may take long, only when its state is not the one given any more. */
export function notChanged(file: string, content: string, state: FileStat): () => Promise<boolean> {
  const isContent = stays(() => contentNow(file), content);
  let looked = state;
  return async () => {
    // One that is gone was saved all the same: its version serves on.
    const now = stateOf(await stat(file, { bigint: true }));
    if (isSame(now, looked)) return true;
    looked = now;
    return await isContent();
  };
}
