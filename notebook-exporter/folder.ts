import { type Dirent, constants as fs } from "node:fs";
import { access, readdir, stat } from "node:fs/promises";
import { isAbsolute, join, relative, sep } from "node:path";
import { codeOf, isAbsent } from "./file-state.ts";

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

/** What a look through the notebooks folder found. */
export interface Listing {
  /** All that is named as a notebook, whatever it is, by path with slashes. */
  readonly notebooks: string[];
  /** What was left out and why, for people: a sentence each. */
  readonly leftOut: string[];
}

/** All notebooks below `root`. Links to folders are not followed. */
export async function listNotebooks(root: string): Promise<string[]> {
  return (await lookThrough(root)).notebooks;
}

export async function lookThrough(root: string): Promise<Listing> {
  const listing: Listing = { notebooks: [], leftOut: [] };
  await look(root, "", listing);
  return listing;
}

async function look(root: string, folder: string, { notebooks, leftOut }: Listing): Promise<void> {
  const shown = folder || "The notebooks folder itself";
  const entries: Dirent[] = await readdir(join(root, folder), { withFileTypes: true }).catch((error: unknown) => {
    if (folder === "" || !isAbsent(error)) leftOut.push(`${shown} cannot be looked through (${codeOf(error)}).`);
    return [];
  });
  for (const each of entries) {
    if (isHidden(each.name)) continue;
    const path = folder ? `${folder}/${each.name}` : each.name;
    const why = await whyLeftOut(join(root, path), each);
    if (why !== undefined) leftOut.push(`${path} ${why}.`);
    else if (isNotebook(each.name)) notebooks.push(path);
    if (each.isDirectory()) await look(root, path, { notebooks, leftOut });
  }
}

/** Notebooks that are no plain files say why themselves; this is about what has no name as a notebook, or none that can be written. */
async function whyLeftOut(path: string, entry: Dirent): Promise<string | undefined> {
  if (entry.name.includes("\ufffd") && (await access(path, fs.F_OK).then(() => false, isAbsent))) return "has a name that is not UTF-8";
  if (!entry.isSymbolicLink() || isNotebook(entry.name)) return undefined;
  const isFolder = await stat(path).then(
    (target) => target.isDirectory(),
    () => false,
  );
  return isFolder ? "is a symbolic link to a folder, and those are not followed" : undefined;
}
