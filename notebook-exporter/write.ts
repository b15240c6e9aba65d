import { existsSync, mkdirSync, mkdtempSync, renameSync } from "node:fs";
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Manifest } from "#contract/manifest.ts";
import { foldersIn, lay, layAtOnce } from "./laid.ts";
import { quickDevice } from "./quick-look.ts";
import type { Files } from "./siblings.ts";
import { syncing, together, type Written, writeNew } from "./synced.ts";

const TEMPORARY = ".new-";
const REPLACED = ".replaced";
/** Versions that are not longer, and have no more files, are written in one go where that is quick. */
const SHORT = 256 * 1024;
const FEW = 32;

/** What is written: an export that has a manifest. */
export interface Writable {
  readonly manifest: Manifest;
  readonly files: Files;
}

/**
 * Writes a version to `<modelFolder>/.versions/<name>/<version>/` and returns that folder. It appears whole, by
 * rename, or not at all, and is durable when this resolves. A version that is there already holds the same and is left alone.
 *
 * @param mark begins the names of unfinished folders, for `sweepUnwritten`
 */
export async function writeVersion(modelFolder: string, version: Writable, mark = ""): Promise<string> {
  const { folder, durable } = await (await beginVersion(modelFolder, version, mark)).place();
  await durable;
  return folder;
}

/** A version's folder that is there, whole. */
export interface PlacedVersion {
  readonly folder: string;
  /** Resolves when it will be there after a power cut, too: until then nothing that lasts may name it. */
  readonly durable: Promise<void>;
}

/** A version whose files are written, and that nobody sees yet. Either of the two is called, once. */
export interface BegunVersion {
  /** Gives it its place, by rename. */
  place(): Promise<PlacedVersion>;
  discard(): Promise<void>;
}

/**
 * Writes a version's files, as `writeVersion`, and does not give them their place. They may get it before they are durable: a
 * loss of power then leaves a folder that does not hold them, which is known by that when the version comes again.
 */
export async function beginVersion(modelFolder: string, { manifest, files }: Writable, mark = ""): Promise<BegunVersion> {
  const versions = join(modelFolder, ".versions", manifest.name);
  const folder = join(versions, manifest.version);
  const all: Files = { ...files, "manifest.json": `${JSON.stringify(manifest, null, 2)}\n` };
  const paths = Object.keys(all);
  const length = Object.values(all).reduce((sum, each) => sum + each.length, 0);
  const isQuick = paths.length <= FEW && length <= SHORT && quickDevice(modelFolder) !== undefined;
  const isThere = async () => !(isQuick && !existsSync(folder)) && (await holds(folder, { manifest, files }));
  /** What somebody wrote before may not be on the disk yet. */
  const found = async () => ({
    folder,
    durable: ended(together([...paths, ...foldersIn(all).folders].map((each) => syncing(join(folder, each)))), versions),
  });
  if (await isThere()) {
    return {
      async place() {
        // It may have been deleted since.
        if (!(await isThere())) return await (await beginVersion(modelFolder, { manifest, files }, mark)).place();
        return await found();
      },
      discard: async () => {},
    };
  }
  const name = join(versions, TEMPORARY + mark);
  if (isQuick) mkdirSync(versions, { recursive: true });
  else await mkdir(versions, { recursive: true });
  const temporary = isQuick ? mkdtempSync(name) : await mkdtemp(name);
  const discard = () => rm(temporary, { recursive: true, force: true });
  let written: Written;
  try {
    written = isQuick ? layAtOnce(temporary, all) : await lay(temporary, all);
  } catch (error) {
    await discard();
    throw error;
  }
  return { place, discard };

  async function place(): Promise<PlacedVersion> {
    let isOurs = false;
    try {
      isOurs = await isMoved();
    } finally {
      if (!isOurs) await discard();
    }
    if (!isOurs) return await found();
    const durable = ended(Promise.resolve(written), versions).catch(async (error: unknown) => {
      await rm(folder, { recursive: true, force: true }); // asked again, the system may say that all is well
      throw error;
    });
    durable.catch(() => {}); // awaited by the caller, perhaps later
    return { folder, durable };
  }

  /** False: somebody else wrote the same version meanwhile. */
  async function isMoved(): Promise<boolean> {
    for (;;) {
      try {
        if (isQuick) renameSync(temporary, folder);
        else await rename(temporary, folder);
        return true;
      } catch (error) {
        if (!isTaken(error)) throw error;
      }
      if (await isThere()) return false;
      await removeByRename(folder, name); // what a loss of power left
    }
  }
}

/**
 * Makes `<modelFolder>/<file>` the file of the version in `folder`, by rename: readers see the old one or the new one.
 * The live file keeps its mode. Durable when this resolves. What stood there and is not of `previous`, the version's
 * folder that was live before, was made by somebody: a copy of it is kept in `<modelFolder>/.replaced/`.
 */
export async function writeLive(
  modelFolder: string,
  manifest: Pick<Manifest, "file">,
  { folder, previous, mark = "" }: { readonly folder: string; readonly previous?: string | undefined; readonly mark?: string },
): Promise<void> {
  await using begun = await beginLive(modelFolder, manifest, folder, mark);
  await begun.place(previous);
}

/** A live file that is written, and not in its place. Thrown away when disposed of, unless it was put there. */
export interface BegunLive extends AsyncDisposable {
  /** @param previous the folder of the version that was live before */
  place(previous: string | undefined): Promise<void>;
}

/** Writes a live file, as `writeLive`, and does not put it in its place. */
export async function beginLive(modelFolder: string, { file }: Pick<Manifest, "file">, folder: string, mark = ""): Promise<BegunLive> {
  const live = join(modelFolder, file);
  const text = await readFile(join(folder, "app", "model", file), "utf8");
  const mode = await modeOf(live);
  const temporary = await mkdtemp(join(modelFolder, TEMPORARY + mark));
  const fresh = join(temporary, file);
  const discard = () => rm(temporary, { recursive: true, force: true });
  try {
    await (await writeNew(fresh, text, mode)).synced;
  } catch (error) {
    await discard();
    throw error;
  }
  return {
    async place(previous) {
      await keepForeign(modelFolder, file, [folder, ...(previous === undefined ? [] : [previous])]);
      const now = await modeOf(live); // somebody may have changed it since
      if (now !== mode) await chmod(fresh, now);
      await rename(fresh, live);
      await (await syncing(modelFolder)).synced;
    },
    [Symbol.asyncDispose]: discard,
  };
}

/** The mode of a file, or that of a new one. */
async function modeOf(file: string): Promise<number> {
  return stat(file).then(
    (found) => found.mode & 0o777,
    () => 0o644,
  );
}

async function keepForeign(modelFolder: string, file: string, ours: readonly string[]): Promise<void> {
  const live = join(modelFolder, file);
  const text = await readFile(live, "utf8").catch(() => undefined);
  if (text === undefined) return;
  for (const each of ours) if ((await readFile(join(each, "app", "model", file), "utf8").catch(() => undefined)) === text) return;
  const { mtime } = await stat(live);
  await mkdir(join(modelFolder, REPLACED), { recursive: true });
  await copyFile(live, join(modelFolder, REPLACED, `${file}.${mtime.toISOString().replaceAll(":", "")}`));
}

/**
 * Removes what writes that were cut off left behind.
 *
 * @param isLeft whether nobody writes there any more; given the name from its mark on
 */
export async function sweepUnwritten(modelFolder: string, isLeft: (name: string) => boolean | Promise<boolean>): Promise<void> {
  const versions = join(modelFolder, ".versions");
  const names = await readdir(versions).catch(() => []);
  for (const folder of [modelFolder, ...names.map((name) => join(versions, name))]) {
    const entries = await readdir(folder).catch(() => []);
    for (const each of entries) {
      if (!each.startsWith(TEMPORARY) || !(await isLeft(each.slice(TEMPORARY.length)))) continue;
      await rm(join(folder, each), { recursive: true, force: true });
    }
  }
}

/** The manifest of the version in `folder`; undefined when there is no such version. @throws ZodError when it is no manifest. */
export async function readManifest(folder: string): Promise<Manifest | undefined> {
  const text = await readFile(join(folder, "manifest.json"), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    throw error;
  });
  return text === undefined ? undefined : Manifest.parse(JSON.parse(text));
}

/** Whether a version's folder holds these files, of a version of this number: what its manifest says besides may differ. */
async function holds(folder: string, { manifest, files }: Writable): Promise<boolean> {
  if (numberIn(await contentOf(join(folder, "manifest.json"))) !== manifest.version) return false;
  for (const [path, content] of Object.entries(files)) {
    const found = await contentOf(join(folder, path));
    if (!found?.equals(Buffer.from(content))) return false;
  }
  return true;
}

/** Undefined where there is no such file. @throws what else keeps it from being read: it may be well */
async function contentOf(path: string): Promise<Buffer | undefined> {
  return readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    throw error;
  });
}

/** The version that a manifest is of, also one of another release; undefined for what is torn. */
function numberIn(manifest: Buffer | undefined): unknown {
  try {
    return JSON.parse(String(manifest)).version;
  } catch {
    return undefined;
  }
}

/** Resolves when a version's files, and what was renamed into its algorithm's folder of versions, are there for good. */
function ended(files: Promise<Written>, versions: string): Promise<void> {
  const synced = together([files, syncing(versions), syncing(dirname(versions))]).then((all) => all.synced);
  synced.catch(() => {}); // awaited by the caller, perhaps later
  return synced;
}

async function removeByRename(folder: string, temporary: string): Promise<void> {
  const away = await mkdtemp(temporary);
  try {
    await rename(folder, join(away, "left")).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error; // somebody else has removed it
    });
  } finally {
    await rm(away, { recursive: true, force: true });
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOTEMPTY" || error.code === "EEXIST");
}
