import { statfs } from "node:fs/promises";

/** Below this, in bytes, what is left is not enough for a version and the store's own files. */
const LITTLE = 2 ** 20;

/** A sentence when the disk of a folder is full; else nothing. Calls are answered all the same, so it is no fault of the bridge. */
export async function diskDetail(folder: string): Promise<string> {
  const { bavail, bsize, ffree, files } = await statfs(folder);
  const isFull = bavail * bsize < LITTLE || (files > 0 && ffree === 0);
  return isFull ? `The disk of ${folder} is full: saves, fits and stagings fail until there is room again.` : "";
}
