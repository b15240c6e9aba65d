import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { watch } from "chokidar";
import { isIgnored } from "./folder.ts";

/** What gives hints. */
export interface Hinting {
  close(): Promise<void>;
  /** Not all changes are told of: all must be looked through often. */
  readonly isBlind?: boolean;
}

/** What the system said of a name in a folder: something took it, left it or began there; or what has it was written to. */
export type Happened = "named" | "written";

/**
 * Says that something may have changed below a folder. May say it late, twice, or not at all: a scan stands behind.
 *
 * @param happened is told, before `touched`, what the system says of each name, in its order; never where it cannot be told apart
 */
export type Hints = (
  root: string,
  touched: (path: string) => void,
  failed: (error: unknown) => void,
  happened?: (path: string, what: Happened) => void,
) => Promise<Hinting>;

/** File systems that tell nothing of what other machines write: NFS, SMB 1 to 3, FUSE, 9p, Ceph, AFS, Lustre, vboxsf. */
const silent = new Set([0x6969, 0x517b, 0xfe534d42, 0xff534d42, 0x65735546, 0x01021997, 0x00c36400, 0x5346414f, 0x0bd00bd0, 0x786f4256]);

/**
 * The system's notifications. Without chokidar's own waiting: the reader loop decides when a file is whole.
 * Resolves when all folders are watched.
 */
export const systemHints: Hints = hintsBut(isIgnored);

/** No notifications at all, for disks that send none although the system does not know it. */
export const noHints: Hints = async () => ({ close: async () => {}, isBlind: true });

/** Of all but what is of no interest, by its path and whether it is known to be a file. */
export function hintsBut(ignored: (root: string, path: string, isFile: boolean) => boolean): Hints {
  return (...given) => watchBut(ignored, ...given);
}

async function watchBut(ignored: typeof isIgnored, ...[root, touched, failed, happened]: Parameters<Hints>): ReturnType<Hints> {
  const watcher = watch(root, {
    ignoreInitial: true,
    atomic: false,
    awaitWriteFinish: false,
    followSymlinks: false,
    ignored: (path, stats) => ignored(root, path, stats?.isFile() ?? false),
  });
  watcher.on("add", touched).on("change", touched).on("unlink", touched).on("addDir", touched).on("unlinkDir", touched);
  if (happened && process.platform === "linux") {
    // Of a watch on a file itself the system says as well that the file's last name was given to another one: no folder is named so.
    watcher.on("raw", (event, name, details) => {
      if (typeof name !== "string" || !isWatched(details)) return;
      happened(join(details.watchedPath, name), event === "rename" ? "named" : "written");
    });
  }
  await new Promise<void>((resolve) => {
    watcher.once("ready", () => resolve());
    watcher.on("error", (error) => {
      failed(error);
      resolve();
    });
  });
  return { close: () => watcher.close(), isBlind: await isSilent(root) };
}

function isWatched(details: unknown): details is { watchedPath: string } {
  return typeof details === "object" && details !== null && "watchedPath" in details && typeof details.watchedPath === "string";
}

async function isSilent(root: string): Promise<boolean> {
  return statfs(root).then(
    ({ type }) => silent.has(type >>> 0),
    () => false,
  );
}
