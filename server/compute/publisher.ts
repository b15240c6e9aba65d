import { nameKey } from "#contract/names.ts";
import { nameOf } from "../../notebook-exporter/claims.ts";
import { listNotebooks } from "../../notebook-exporter/folder.ts";
import { type Watcher, watchNotebooks } from "../../notebook-exporter/watch.ts";
import { type Publish, type PublishParts, publishWith } from "./publish.ts";

/** How long a call waits for a save of its algorithm that is being checked. */
const WAIT_MS = 5000;

/** Watches the notebooks folder and publishes what is saved there. */
export interface Publisher extends AsyncDisposable {
  /** Somebody who knows says that this notebook was saved, whole. Absolute, or relative to the notebooks folder. */
  saved(path: string): void;
  /**
   * Resolves when the last save of an algorithm's notebook has been decided, after 5 s at the latest. The file is looked
   * at first, so that the call after a save runs the new code.
   *
   * @param notebook null: not known here yet; a notebook of that name may lie there all the same
   * @param within milliseconds, for those who have longer than 5 s
   */
  settled(algorithm: string, notebook: string | null, within?: number): Promise<void>;
}

export async function startPublisher(parts: Omit<PublishParts, "notebooks">): Promise<Publisher> {
  const { home, clock, log } = parts;
  let watcher: Watcher | undefined;
  const publish: Publish = publishWith({ ...parts, notebooks: () => watcher?.list() ?? [] });
  const guarded = async (path: string, work: Promise<void>): Promise<void> => {
    try {
      await work;
    } catch (error) {
      log.error({ err: error, notebook: path }, "publishing a notebook failed in the bridge itself");
    }
  };
  watcher = await watchNotebooks({
    root: home.notebooks,
    clock,
    log,
    onNotebook: (path, reading) => guarded(path, publish.saved(path, reading)),
    onGone: (path) => guarded(path, publish.gone(path)),
    onUnreadable: (path, problem) => guarded(path, publish.unreadable(path, problem)),
  });
  const watching = watcher;
  // Those that were deleted while the bridge was down: nothing tells of them any more.
  const there = new Set(await listNotebooks(home.notebooks));
  for (const { notebook } of await parts.store.algorithms.list()) {
    if (notebook !== null && !there.has(notebook)) await guarded(notebook, publish.gone(notebook));
  }

  return {
    saved: (path) => watching.touch(path, { vouched: true }),

    async settled(algorithm, notebook, within = WAIT_MS) {
      const late = Promise.withResolvers<void>();
      const timer = setTimeout(late.resolve, within);
      const paths = notebook === null ? await sameName(algorithm) : [notebook];
      await Promise.race([Promise.all(paths.map((path) => watching.settled(path))), late.promise]);
      clearTimeout(timer);
    },

    async [Symbol.asyncDispose]() {
      await watching.close();
    },
  };

  async function sameName(algorithm: string): Promise<string[]> {
    const all = await listNotebooks(home.notebooks);
    return all.filter((path) => nameKey(nameOf(path)) === nameKey(algorithm));
  }
}
