import { close, fsync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { promisify } from "node:util";

const sync = promisify(fsync);
const closed = promisify(close);

/** What is written can be read at once, and outlasts a loss of power once `synced` resolves. */
export interface Written {
  readonly synced: Promise<void>;
}

/** Writes a new file. */
export async function writeNew(path: string, content: string | Uint8Array, mode: number): Promise<Written> {
  const file = await open(path, "wx", mode);
  try {
    await file.writeFile(content);
    await file.chmod(mode); // open() takes the umask off
  } catch (error) {
    await file.close();
    throw error;
  }
  return { synced: syncedAndClosed(file) };
}

/** A file or a folder that is there; it may get another name meanwhile. */
export async function syncing(path: string): Promise<Written> {
  return { synced: syncedAndClosed(await open(path, "r")) };
}

/** Files and folders that are open, which are closed then. */
export function syncingOpen(descriptors: readonly number[]): Written {
  const synced = allOf(descriptors.map((each) => sync(each).finally(() => closed(each)))).then(() => {});
  synced.catch(() => {});
  return { synced };
}

/** All of these, begun together, so that the file system makes one commit of them. Rejects when all have ended: none works on in a folder that is removed. */
export async function together(work: readonly Promise<Written>[]): Promise<Written> {
  const synced = allOf((await allOf(work)).map((each) => each.synced)).then(() => {});
  synced.catch(() => {}); // awaited by the caller, perhaps later, or never
  return { synced };
}

/** Resolves, or rejects, when all have ended. */
async function allOf<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const ended = await Promise.allSettled(work);
  return ended.map((each) => {
    if (each.status === "rejected") throw each.reason;
    return each.value;
  });
}

function syncedAndClosed(file: FileHandle): Promise<void> {
  const synced = file.sync().finally(() => file.close());
  synced.catch(() => {});
  return synced;
}
