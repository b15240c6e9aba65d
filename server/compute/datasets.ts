import { constants } from "node:fs";
import { copyFile, mkdir, mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { Conflict } from "#contract/errors.ts";
import { syncAbove, syncPath } from "./durable.ts";
import type { BridgeHome } from "./home.ts";

const VERSIONS = ".versions";
const UNFINISHED = ".unfinished-";

/** The files of one staging: what notebooks of today read, and a typed copy. */
export interface DatasetFiles {
  readonly folder: string;
  readonly csv: string;
  readonly json: string;
  readonly parquet: string;
}

/** Where a dataset version's files lie, relative to BRIDGE_HOME. */
export function datasetFolder(home: BridgeHome, name: string, version: number): string {
  return join(relative(home.root, home.staged), VERSIONS, name, String(version));
}

/** A new folder to stage into; it becomes a version only by `keepDataset`. */
export async function startDataset(home: BridgeHome): Promise<DatasetFiles> {
  await mkdir(join(home.staged, VERSIONS), { recursive: true });
  const folder = await mkdtemp(join(home.staged, VERSIONS, UNFINISHED));
  return { folder, csv: join(folder, "rows.csv"), json: join(folder, "call.json"), parquet: join(folder, "rows.parquet") };
}

/** Moves staged files to their version's place. @param folder relative to BRIDGE_HOME, from `datasetFolder` */
export async function keepDataset(home: BridgeHome, files: DatasetFiles, folder: string): Promise<void> {
  const target = join(home.root, folder);
  await mkdir(dirname(target), { recursive: true });
  await rm(target, { recursive: true, force: true });
  await rename(files.folder, target);
  // Before the commit: a version that the store names must not be missing after a loss of power.
  await syncAbove(target, home.root);
}

const shown = [
  ["rows.csv", "csv"],
  ["call.json", "json"],
] as const;

/** Copies what notebooks will see, so that showing it takes no time. Durable when this resolves: the plain worker synced the rest. @throws Conflict when a folder is in the way */
export async function prepareShow(home: BridgeHome, files: DatasetFiles, name: string): Promise<void> {
  for (const [from, ending] of shown) {
    const target = `${name}.${ending}`;
    if ((await stat(join(home.staged, target)).catch(() => undefined))?.isDirectory()) {
      throw new Conflict(
        `The rows cannot be put at notebooks/data/${target}: a folder is there.`,
        "Move it away, or stage under another name.",
      );
    }
    const copy = join(files.folder, `${UNFINISHED}${ending}`);
    await copyFile(join(files.folder, from), copy, constants.COPYFILE_FICLONE);
    await syncPath(copy);
  }
  await syncPath(files.folder);
}

/**
 * Puts a version's rows where notebooks look for them: `data/<name>.csv` and `.json`, each replaced in one step. After
 * `prepareShow` and after the commit: what is shown was acknowledged to be there, and a bridge that is killed in between
 * finds the copies in the version's folder and goes on. Nothing happens for what was shown already.
 */
export async function showDataset(home: BridgeHome, name: string, folder: string): Promise<void> {
  for (const [, ending] of shown) {
    await rename(join(home.root, folder, `${UNFINISHED}${ending}`), join(home.staged, `${name}.${ending}`)).catch(unlessAbsent);
  }
  await syncPath(home.staged);
}

/** Drops the copies of a version that a newer one overtook. */
export async function leaveUnshown(home: BridgeHome, folder: string): Promise<void> {
  for (const [, ending] of shown) await rm(join(home.root, folder, `${UNFINISHED}${ending}`), { force: true });
}

/** Whether a version of this folder waits to be shown. */
export async function isUnshown(home: BridgeHome, folder: string): Promise<boolean> {
  const entries = await readdir(join(home.root, folder)).catch(() => []);
  return entries.some((entry) => entry.startsWith(UNFINISHED));
}

function unlessAbsent(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}

/** Removes what stagings that never ended left behind. For the start, before any call. */
export async function sweepDatasets(home: BridgeHome): Promise<void> {
  const folder = join(home.staged, VERSIONS);
  for (const entry of await readdir(folder).catch(() => [])) {
    if (entry.startsWith(UNFINISHED)) await rm(join(folder, entry), { recursive: true, force: true });
  }
  for (const entry of await readdir(home.spool).catch(() => [])) await rm(join(home.spool, entry), { recursive: true, force: true });
}
