import { chmodSync, closeSync, fchmodSync, mkdirSync, openSync, writeSync } from "node:fs";
import { chmod, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Files } from "./siblings.ts";
import { syncing, syncingOpen, together, type Written, writeNew } from "./synced.ts";

/** A folder with these files and its own folders, anew: it can be read when this resolves. */
export async function lay(folder: string, files: Files): Promise<Written> {
  const { within, folders } = foldersIn(files);
  for (const each of within) await mkdir(join(folder, each), { recursive: true });
  const { synced } = await together(Object.entries(files).map(([path, content]) => writeNew(join(folder, path), content, 0o644)));
  await chmod(folder, 0o755);
  return await together([Promise.resolve({ synced }), ...folders.map((each) => syncing(join(folder, each)))]);
}

/** The same in this tick: a dozen steps of some microseconds, each of which would wait for a thread and for the loop. For a few files on a quick device. */
export function layAtOnce(folder: string, files: Files): Written {
  const { within, folders } = foldersIn(files);
  const opened: number[] = [];
  try {
    for (const each of within) mkdirSync(join(folder, each), { recursive: true });
    for (const [path, content] of Object.entries(files)) {
      const file = openSync(join(folder, path), "wx", 0o644);
      opened.push(file);
      writeAll(file, Buffer.from(content));
      fchmodSync(file, 0o644); // opening takes the umask off
    }
    chmodSync(folder, 0o755);
    for (const each of folders) opened.push(openSync(join(folder, each), "r"));
  } catch (error) {
    for (const each of opened) closeSync(each);
    throw error;
  }
  return syncingOpen(opened);
}

/** The folders that files lie in, and all above them. */
export function foldersIn(files: Files): { readonly within: readonly string[]; readonly folders: readonly string[] } {
  const paths = Object.keys(files);
  const within = [...new Set(paths.map((path) => dirname(path)))].filter((each) => each !== ".");
  return { within, folders: [...new Set(paths.flatMap(foldersOf))] };
}

function writeAll(file: number, content: Buffer): void {
  for (let at = 0; at < content.length; ) at += writeSync(file, content, at);
}

/** The folders above a relative path: of `a/b/c` these are `a/b`, `a` and `.`. */
function foldersOf(path: string): string[] {
  const folder = dirname(path);
  return folder === "." ? ["."] : [folder, ...foldersOf(folder)];
}
