import { nameKey } from "#contract/names.ts";
import { nameOf } from "../../notebook-exporter/claims.ts";
import { listNotebooks } from "../../notebook-exporter/folder.ts";
import { noHints, systemHints } from "../../notebook-exporter/hints.ts";
import { listModules } from "../../notebook-exporter/module-files.ts";
import { type Watcher, watchNotebooks } from "../../notebook-exporter/watch.ts";
import { type ModuleWatcher, watchModules } from "../../notebook-exporter/watch-modules.ts";
import type { AlgorithmsReader } from "../store/store.ts";
import { type Publish, type PublishParts, publishWith } from "./publish.ts";
import type { Source } from "./publish-modules.ts";
import { notTaken, StandingProblems } from "./standing-problems.ts";

/** How long a call waits for a save of its algorithm that is being checked: then the live version serves it. */
const WAIT_MS = 5_000;
/** The same while there is nothing that could serve it. */
const WAIT_FIRST_MS = 30_000;

export interface PublisherParts extends Omit<PublishParts, "notebooks" | "retell" | "retellModule"> {
  /** scan: the system's notifications are not relied on. */
  readonly watch: "notify" | "scan";
}

/** What is waited for. */
interface Settling {
  readonly notebook: string | null;
  readonly isLive: boolean;
  readonly siblings?: readonly Source[] | undefined;
}

/** Watches the folders of notebooks and modules and publishes what is saved there. */
export interface Publisher extends AsyncDisposable {
  /** Somebody who knows says that this notebook was saved, whole. Absolute, or relative to the notebooks folder. */
  saved(path: string): void;
  /** An editor says what it is about to write there: all that an export of it depends on. */
  announced(path: string, notebook: unknown): void;
  /**
   * Resolves when the last save of an algorithm has been decided, after 5 s at the latest, or 30 s when nothing is
   * live. The files are looked at first, so that the call after a save runs the new code.
   *
   * @param notebook null: not known, or a module; a notebook of that name may lie there all the same
   * @param siblings what the live version imports: their last saves count, and that the algorithm was published again with them
   * @param within milliseconds, for those who have longer
   * @returns false when it has not been decided by then; true itself, no promise, when that is seen at once
   */
  settled(algorithm: string, of: Settling, within?: number): true | Promise<boolean>;
  /** What is left out of the notebooks folder and why: a sentence each. */
  leftOut(): readonly string[];
  /** Algorithms with the problems that the store had no room for. */
  shown(algorithms: AlgorithmsReader): AlgorithmsReader;
}

export async function startPublisher(parts: PublisherParts): Promise<Publisher> {
  const { home, clock, log } = parts;
  let watcher: Watcher | undefined;
  let moduleWatcher: ModuleWatcher | undefined;
  /** What was to be told again before its watcher had begun. */
  const early = { notebooks: new Set<string>(), modules: new Set<string>() };
  const publish: Publish = publishWith({
    ...parts,
    notebooks: () => watcher?.list() ?? [],
    retell: (path) => void (watcher ? watcher.retell(path) : early.notebooks.add(path)),
    retellModule: (name) => void (moduleWatcher ? moduleWatcher.retell(name) : early.modules.add(name)),
  });
  const standing = new StandingProblems();
  const guarded = async (name: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
      standing.delete(name);
    } catch (error) {
      log.error({ err: error, algorithm: name }, "publishing failed in the bridge itself");
      throw error;
    }
  };
  /** As `guarded`; when it fails, whoever looks sees why, and the watcher tries it again. */
  const shown = (path: string, work: () => Promise<void>): Promise<void> => {
    const name = nameOf(path);
    return guarded(name, () =>
      work().catch(async (error: unknown) => {
        const problem = notTaken(error);
        await publish.failed(path, problem).catch(() => standing.set(name, path, problem));
        throw error;
      }),
    );
  };
  watcher = await watchNotebooks({
    root: home.notebooks,
    clock,
    log,
    hints: parts.watch === "scan" ? noHints : systemHints,
    onLook: (path, notebook) => publish.looked(path, notebook),
    onNotebook: (path, reading) => shown(path, () => publish.saved(path, reading)),
    onGone: (path) => shown(path, () => publish.gone(path)),
    onUnreadable: (path, problem) => shown(path, () => publish.unreadable(path, problem)),
  });
  const watching = watcher;
  for (const each of early.notebooks) watching.retell(each);
  moduleWatcher = await watchModules({
    root: home.model,
    log,
    ...(parts.watch === "scan" ? { hints: noHints } : {}),
    onModule: (place, files) => guarded(place.name, () => publish.laid(place, files)),
    onGone: (place) => guarded(place.name, () => publish.removed(place)),
    onRefused: (place, problem) => guarded(place.name, () => publish.refused(place, problem)),
  });
  const watchingModules = moduleWatcher;
  for (const each of early.modules) watchingModules.retell(each);
  // Those that went away while the bridge was down: nothing tells of them any more.
  const there = new Set(await listNotebooks(home.notebooks));
  const modules = new Set((await listModules(home.model)).map((each) => nameKey(each.name)));
  for (const { name, notebook, state } of await parts.store.algorithms.list()) {
    const gone =
      notebook !== null
        ? !there.has(notebook) && (() => publish.gone(notebook))
        : state !== "missing" && !modules.has(nameKey(name)) && (() => publish.removed({ name, entry: `${name}.py` }));
    if (gone) await guarded(name, gone).catch(() => {}); // logged; the next start tries it again
  }

  return {
    saved: (path) => watching.touch(path, { vouched: true }),

    announced(path, notebook) {
      const inside = watching.inside(path);
      if (inside === undefined) return;
      publish
        .announced(inside, notebook)
        .catch((error: unknown) => log.warn({ err: error, notebook: inside }, "an announced save could not be prepared"));
    },

    settled(algorithm, { notebook, isLive, siblings = [] }, within = isLive ? WAIT_MS : WAIT_FIRST_MS) {
      const source = { name: algorithm, notebook };
      // While no module of a name is live, a notebook may take the name.
      if ((isLive || notebook !== null) && isSettled(source) && siblings.every(isSettled)) return true;
      return settling(source, siblings, within);
    },

    leftOut: () => watching.leftOut(),

    shown: (algorithms) => standing.over(algorithms),

    async [Symbol.asyncDispose]() {
      await watching.close();
      await watchingModules.close();
      await publish.close();
    },
  };

  async function settling(source: Source, siblings: readonly Source[], within: number): Promise<boolean> {
    const late = Promise.withResolvers<false>();
    const timer = setTimeout(late.resolve, within, false);
    let listed: Promise<readonly string[]> | undefined;
    const notebooks = () => (listed ??= listNotebooks(home.notebooks));
    // What a sibling's save makes anew is waiting or made when the sibling has been told, and not before.
    const all = Promise.all(siblings.map((each) => isSettled(each) || told(each, notebooks))).then(() => told(source, notebooks));
    const isDecided = await Promise.race([all.then(() => true), late.promise]);
    clearTimeout(timer);
    return isDecided;
  }

  function isSettled({ name, notebook }: Source): boolean {
    return notebook === null ? watchingModules.isSettled(name) : watching.isSettled(notebook);
  }

  /** Whatever is there of the name: a notebook may have taken a module's place, or a module a notebook's. */
  async function told({ name, notebook }: Source, notebooks: () => Promise<readonly string[]>): Promise<void> {
    const isOfName = (path: string) => nameKey(nameOf(path)) === nameKey(name);
    const paths = notebook === null ? (await notebooks()).filter(isOfName) : [notebook];
    await Promise.all(paths.map((path) => watching.settled(path)));
    if (!paths.some((path) => watching.seen(path))) await watchingModules.settled(name);
  }
}
