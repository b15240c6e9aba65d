import { constants } from "node:fs";
import { cp, mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { nameKey } from "#contract/names.ts";
import { syncAbove } from "./durable.ts";
import type { BridgeHome } from "./home.ts";
import type { IsLeft } from "./left-behind.ts";

/** The hidden folder of `app/model/data` that holds a folder a model version. */
const MODELS = ".models";
const UNFINISHED = ".unfinished-";

/** Where a model version's files lie, relative to BRIDGE_HOME. */
export function modelFolder(home: BridgeHome, algorithm: string, model: string, version: number): string {
  return join(relative(home.root, home.data), MODELS, nameKey(algorithm), model, String(version));
}

/** A new folder for the fit of one run: its files become a version only by `keep`. */
export async function startModelFolder(home: BridgeHome, run: string): Promise<string> {
  const folder = join(home.data, MODELS, UNFINISHED + home.mark + run);
  await mkdir(folder, { recursive: true });
  return folder;
}

/** Moves what a fit wrote, and `syncTree` made durable, to its version's place; durable when this resolves. @param folder relative to BRIDGE_HOME, from `modelFolder` */
export async function keepModelFolder(home: BridgeHome, unfinished: string, folder: string): Promise<void> {
  const target = join(home.root, folder);
  await mkdir(dirname(target), { recursive: true });
  // A crash between rename and commit left a folder that no model names.
  await rm(target, { recursive: true, force: true });
  await rename(unfinished, target);
  // Before the commit: a version that the store names must not be missing after a loss of power.
  await syncAbove(target, home.root);
}

/**
 * Copies a new version's files to the shared folder, where kernels and other algorithms look for them by their old
 * paths. Copies, so that nobody who writes there can change a version.
 */
export async function shareModelFiles(home: BridgeHome, folder: string, run: string): Promise<void> {
  const from = join(home.root, folder);
  for (const found of await readdir(from, { withFileTypes: true })) {
    const entry = found.name;
    if (entry.startsWith(".") || found.isSymbolicLink()) continue;
    const source = join(from, entry);
    const beside = join(home.data, `${UNFINISHED}${home.mark}${run}`);
    const target = join(home.data, entry);
    await cp(source, beside, { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE });
    await rm(target, { recursive: true, force: true });
    await rename(beside, target);
  }
}

/**
 * Takes a version's files out of the shared folder, where they still are what the version holds: a model that was deleted
 * must not answer from its copy. Before the version's own folder is removed.
 */
export async function unshareModelFiles(home: BridgeHome, folder: string): Promise<void> {
  const from = join(home.root, folder);
  for (const entry of await readdir(from, { withFileTypes: true }).catch(() => [])) {
    if (!entry.isFile() || entry.name.startsWith(".")) continue;
    const [own, shared] = await Promise.all([from, home.data].map((each) => readFile(join(each, entry.name)).catch(() => undefined)));
    if (own && shared && own.equals(shared)) await rm(join(home.data, entry.name), { force: true });
  }
}

/** Removes what fits that never ended left behind. */
export async function sweepModelFolders(home: BridgeHome, isLeft: IsLeft): Promise<void> {
  for (const folder of [home.data, join(home.data, MODELS)]) {
    const entries = await readdir(folder).catch(() => []);
    for (const entry of entries) {
      if (!entry.startsWith(UNFINISHED) || !(await isLeft(entry.slice(UNFINISHED.length)))) continue;
      await rm(join(folder, entry), { recursive: true, force: true });
    }
  }
}
