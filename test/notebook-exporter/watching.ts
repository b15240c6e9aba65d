import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Problem } from "#contract/problem.ts";
import { type WatchOptions, watchNotebooks } from "../../notebook-exporter/watch.ts";

/** A long time: what is under test must not be saved by the periodic scan. */
const NEVER = 2 ** 31 - 1;

/** Watches a new folder and writes down what was told. */
export async function startWatching(options: Partial<WatchOptions> = {}, prepare: (root: string) => Promise<unknown> = async () => {}) {
  const root = await realpath(await mkdtemp(join(tmpdir(), "watch-")));
  await prepare(root);
  const told: { path: string; n: number; torn: boolean; content: string; renamedFrom?: string | undefined }[] = [];
  const gone: string[] = [];
  const unreadable: { path: string; problem: Problem }[] = [];
  /** What was shown, as it may have been torn. */
  const shown: unknown[] = [];
  const logged: string[] = [];
  const write = (_: object, message: string) => void logged.push(message);
  const watcher = await watchNotebooks({
    root,
    onNotebook(path, { notebook, content, renamedFrom }) {
      const { cells } = notebook as { cells: { source: string }[] };
      const [first, last] = [cells.at(0)?.source, cells.at(-1)?.source];
      told.push({ path, n: Number(first?.replace("n = ", "")), torn: first !== last, content, renamedFrom });
    },
    onLook: (_, notebook) => void (notebook === null || shown.push(notebook)),
    onGone: (path) => void gone.push(path),
    onUnreadable: (path, problem) => void unreadable.push({ path, problem }),
    log: { info: write, warn: write, error: write },
    clock: { now: () => new Date().toISOString(), ticks: () => performance.now() },
    ...options,
    timing: { scan: NEVER, scanWithoutHints: NEVER, ...options.timing },
  });
  return {
    root,
    watcher,
    told,
    shown,
    gone,
    unreadable,
    logged,
    at: (path: string) => join(root, path),
    lastOf: (path: string) => told.findLast((each) => each.path === path)?.n,
    async [Symbol.asyncDispose]() {
      await watcher.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** Resolves when it holds; a test that waits in vain ends by its own limit. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(2);
}
