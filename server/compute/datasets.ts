import { constants } from "node:fs";
import { copyFile, mkdir, mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { Conflict } from "#contract/errors.ts";
import type { Store } from "../store/store.ts";
import { syncAbove, syncPath } from "./durable.ts";
import type { BridgeHome } from "./home.ts";
import type { IsLeft } from "./left-behind.ts";

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
  const folder = await mkdtemp(join(home.staged, VERSIONS, UNFINISHED + home.mark));
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
 * Puts the rows of a version that was committed where notebooks look for them, unless a newer one is there: `data/<name>.csv`
 * and `.json`, each replaced in one step. After `prepareShow`. Done again it changes nothing.
 */
export async function showNewest(
  home: BridgeHome,
  store: Pick<Store, "datasets" | "bridges">,
  name: string,
  version: number,
): Promise<void> {
  await store.bridges.exclusively(`show ${name}`, async () => {
    const folder = join(home.root, datasetFolder(home, name, version));
    const isNewest = (await store.datasets.find(name))?.version === version;
    for (const [, ending] of shown) {
      const prepared = join(folder, `${UNFINISHED}${ending}`);
      const done = isNewest ? rename(prepared, join(home.staged, `${name}.${ending}`)) : rm(prepared);
      await done.catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "ENOENT") throw error; // shown already, before a crash
      });
    }
    await syncPath(home.staged);
  });
}

/**
 * Ends what crashes cut off between a staging's files and its record, or between its record and its showing. Without its
 * record a staging never was; of bridges that share a home another may be about to write it.
 */
export async function finishDatasets(home: BridgeHome, store: Pick<Store, "datasets" | "bridges">): Promise<void> {
  for (const name of await readdir(join(home.staged, VERSIONS)).catch(() => [])) {
    if (name.startsWith(UNFINISHED)) continue;
    for (const version of (await readdir(join(home.staged, VERSIONS, name)).catch(() => [])).map(Number)) {
      const folder = join(home.staged, VERSIONS, name, String(version));
      if (!(await readdir(folder).catch(() => [])).some((each) => each.startsWith(UNFINISHED))) continue;
      if (await store.datasets.find(name, version)) await showNewest(home, store, name, version);
      else if (store.bridges.own === null) await rm(folder, { recursive: true, force: true });
    }
  }
}

/** Removes what stagings that never ended left behind. */
export async function sweepDatasets(home: BridgeHome, isLeft: IsLeft): Promise<void> {
  const folder = join(home.staged, VERSIONS);
  for (const entry of await readdir(folder).catch(() => [])) {
    if (!entry.startsWith(UNFINISHED) || !(await isLeft(entry.slice(UNFINISHED.length)))) continue;
    await rm(join(folder, entry), { recursive: true, force: true });
  }
}
