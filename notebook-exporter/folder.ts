import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { isAbsolute, join, relative, sep } from "node:path";

/** Whether a folder's or file's own name keeps what is in it from being a notebook: hidden ones, checkpoints, `.git`, `node_modules`. */
function isHidden(name: string): boolean {
  return name.startsWith(".") || name === "node_modules";
}

/** Whether a path is of no interest below `root`, for what is known of it. */
export function isIgnored(root: string, path: string, isFile: boolean): boolean {
  const inside = relative(root, path);
  if (inside === "") return false;
  return inside.split(sep).some(isHidden) || (isFile && !isNotebook(path));
}

export function isNotebook(path: string): boolean {
  return /\.ipynb$/i.test(path);
}

/** A notebook's path below `root`, with slashes; undefined for all that is no notebook in there. */
export function insideOf(root: string, path: string): string | undefined {
  const inside = relative(root, isAbsolute(path) ? path : join(root, path));
  const names = inside.split(sep);
  if (inside === "" || isAbsolute(inside) || names.some(isHidden) || !isNotebook(inside)) return undefined; // ".." is hidden too
  return names.join("/");
}

/** All notebooks below `root`, by path with slashes. Symbolic links are not followed; what cannot be read is left out. */
export async function listNotebooks(root: string, folder = ""): Promise<string[]> {
  const entries: Dirent[] = await readdir(join(root, folder), { withFileTypes: true }).catch(() => []);
  const found: string[] = [];
  for (const each of entries) {
    if (isHidden(each.name)) continue;
    const path = folder ? `${folder}/${each.name}` : each.name;
    if (each.isDirectory()) found.push(...(await listNotebooks(root, path)));
    else if (each.isFile() && isNotebook(each.name)) found.push(path);
  }
  return found;
}
