import { watch } from "chokidar";
import { isIgnored } from "./folder.ts";

/** Says that something may have changed below a folder. May say it late, twice, or not at all: a scan stands behind. */
export type Hints = (
  root: string,
  touched: (path: string) => void,
  failed: (error: unknown) => void,
) => Promise<{ close(): Promise<void> }>;

/**
 * The system's notifications. Without chokidar's own waiting: the reader loop decides when a file is whole.
 * Resolves when all folders are watched.
 */
export const systemHints: Hints = hintsBut(isIgnored);

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
  watcher.on("add", touched).on("change", touched).on("unlink", touched).on("unlinkDir", touched);
  await new Promise<void>((resolve) => {
    watcher.once("ready", () => resolve());
    watcher.on("error", (error) => {
      failed(error);
      resolve();
    });
  });
  return watcher;
}
