import { open, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Makes a file's content, or a folder's list of names, outlast a loss of power. */
export async function syncPath(path: string): Promise<void> {
  await using opened = await open(path, "r");
  await opened.sync();
}

/** Makes all files and folders below `folder`, and itself, durable. Links are names, and not followed. */
export async function syncTree(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await syncTree(path);
    else if (entry.isFile()) await syncPath(path);
  }
  await syncPath(folder);
}

/** Makes the names of `path` and of the folders above it durable, up to `root`, which is not looked into. */
export async function syncAbove(path: string, root: string): Promise<void> {
  for (let folder = dirname(path); folder.length > root.length; folder = dirname(folder)) await syncPath(folder);
}
