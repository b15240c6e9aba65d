import { chmod, copyFile, mkdir, mkdtemp, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Manifest } from "#contract/manifest.ts";
import type { Files } from "./siblings.ts";

const TEMPORARY = ".new-";
const REPLACED = ".replaced";

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
  /** Gives it its place, by rename. What is in it is durable; its name may not be yet. */
  place(): Promise<PlacedVersion>;
  discard(): Promise<void>;
}

/** Writes a version's files, as `writeVersion`, and does not give them their place. */
export async function beginVersion(modelFolder: string, { manifest, files }: Writable, mark = ""): Promise<BegunVersion> {
  const versions = join(modelFolder, ".versions", manifest.name);
  const folder = join(versions, manifest.version);
  const isThere = () => exists(join(folder, "manifest.json"));
  if (await isThere()) {
    return {
      async place() {
        // It may have been deleted since.
        if (!(await isThere())) return await (await beginVersion(modelFolder, { manifest, files }, mark)).place();
        return { folder, durable: named(versions) };
      },
      discard: async () => {},
    };
  }
  await mkdir(versions, { recursive: true });
  const temporary = await mkdtemp(join(versions, TEMPORARY + mark));
  const discard = () => rm(temporary, { recursive: true, force: true });
  try {
    const all: Files = { ...files, "manifest.json": `${JSON.stringify(manifest, null, 2)}\n` };
    const folders = [...new Set(Object.keys(all).flatMap(foldersOf))];
    for (const each of folders) await mkdir(join(temporary, each), { recursive: true });
    // Together: the file system then makes one commit of them, where one after the other would be one each.
    await together(Object.entries(all).map(([path, content]) => writeDurably(join(temporary, path), content, 0o644)));
    await together(folders.map((each) => syncFolder(join(temporary, each))));
    await chmod(temporary, 0o755);
  } catch (error) {
    await discard();
    throw error;
  }
  return {
    async place() {
      await rename(temporary, folder).catch(async (error: NodeJS.ErrnoException) => {
        await discard();
        // Somebody else wrote the same version meanwhile.
        if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
      });
      return { folder, durable: named(versions) };
    },
    discard,
  };
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
    await writeDurably(fresh, text, mode);
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
      await syncFolder(modelFolder);
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

/** The folders above a relative path: of `a/b/c` these are `a/b`, `a` and `.`. */
function foldersOf(path: string): string[] {
  const folder = dirname(path);
  return folder === "." ? ["."] : [folder, ...foldersOf(folder)];
}

async function writeDurably(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  await using file = await open(path, "wx", mode);
  await file.writeFile(content);
  await file.chmod(mode); // open() takes the umask off
  await file.sync();
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, "r");
  await folder.sync();
}

/** Resolves when what was renamed into an algorithm's folder of versions has its name for good. */
function named(versions: string): Promise<void> {
  const synced = together([syncFolder(versions), syncFolder(dirname(versions))]);
  synced.catch(() => {}); // awaited by the caller, perhaps later
  return synced;
}

/** Resolves, or rejects, when all have ended: none works on in a folder that is removed. */
async function together(work: readonly Promise<void>[]): Promise<void> {
  for (const each of await Promise.allSettled(work)) if (each.status === "rejected") throw each.reason;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
