import { statfs } from "node:fs/promises";
import { watch } from "chokidar";
import { isIgnored } from "./folder.ts";

/** What gives hints. */
export interface Hinting {
  close(): Promise<void>;
  /** Not all changes are told of: all must be looked through often. */
  readonly isBlind?: boolean;
}

/** Says that something may have changed below a folder. May say it late, twice, or not at all: a scan stands behind. */
export type Hints = (root: string, touched: (path: string) => void, failed: (error: unknown) => void) => Promise<Hinting>;

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
  return (root, touched, failed) => watchBut(ignored, root, touched, failed);
}

async function watchBut(ignored: typeof isIgnored, ...[root, touched, failed]: Parameters<Hints>): ReturnType<Hints> {
  const watcher = watch(root, {
    ignoreInitial: true,
    atomic: false,
    awaitWriteFinish: false,
    followSymlinks: false,
    ignored: (path, stats) => ignored(root, path, stats?.isFile() ?? false),
  });
  watcher.on("add", touched).on("change", touched).on("unlink", touched).on("addDir", touched).on("unlinkDir", touched);
  await new Promise<void>((resolve) => {
    watcher.once("ready", () => resolve());
    watcher.on("error", (error) => {
      failed(error);
      resolve();
    });
  });
  return { close: () => watcher.close(), isBlind: await isSilent(root) };
}

async function isSilent(root: string): Promise<boolean> {
  return statfs(root).then(
    ({ type }) => silent.has(type >>> 0),
    () => false,
  );
}
