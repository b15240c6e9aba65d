import { access, lstat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Algorithm } from "#contract/algorithm.ts";
import type { Clock, Log } from "#contract/edges.ts";
import type { Manifest } from "#contract/manifest.ts";
import { DEFAULT_PROJECT, nameKey } from "#contract/names.ts";
import { holdsBack, type Problem } from "#contract/problem.ts";
import type { Check } from "../../notebook-exporter/answer.ts";
import { claims, nameOf } from "../../notebook-exporter/claims.ts";
import { contentOrWhy } from "../../notebook-exporter/content.ts";
import { type Exported, exportNotebook } from "../../notebook-exporter/export.ts";
import type { FileStat } from "../../notebook-exporter/file-state.ts";
import { beginLive, beginVersion } from "../../notebook-exporter/write.ts";
import type { Store } from "../store/store.ts";
import type { Pool } from "../workers/pool.ts";
import { Ahead } from "./ahead.ts";
import { Dependents } from "./dependents.ts";
import type { BridgeHome } from "./home.ts";
import { importProblems } from "./import-problems.ts";
import type { LiveVersions } from "./live-versions.ts";
import { contentNow, notChanged } from "./notebook-now.ts";
import { isLive, type PublishModules, publishModulesWith, type Source, type Taking } from "./publish-modules.ts";
import { Republish } from "./republish.ts";
import { siblingFinder } from "./sibling-finder.ts";
import type { Starts } from "./starts.ts";
import { Superseded, supersededSignal } from "./superseded.ts";
import { unnamed } from "./unnamed.ts";

/** A notebook's content as it was read, and the hash of what its export depends on. */
export interface SavedNotebook {
  readonly notebook: unknown;
  readonly content: string;
  /** The file's state then. */
  readonly stat: FileStat;
}

export interface PublishParts {
  readonly store: Store;
  readonly versions: LiveVersions;
  readonly pool: Pool;
  readonly starts: Starts;
  readonly check: Check;
  readonly home: BridgeHome;
  /** All notebooks that are there, for names that are claimed twice. */
  readonly notebooks: () => Iterable<string>;
  /** Has a notebook told to `saved` or `unreadable` again, in its turn, although it did not change. */
  readonly retell: (path: string) => void;
  /** Has the module of a name told to `laid` again, likewise. */
  readonly retellModule: (name: string) => void;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Publish extends PublishModules {
  /** A notebook was read and may be torn still: what can be thrown away is made ready. If it is whole, the same object is saved within a moment; null: nothing is. */
  looked(path: string, notebook: unknown): void;
  /** An editor is about to write this notebook; `notebook` has all of it that an export depends on. It may fail to. */
  announced(path: string, notebook: unknown): Promise<void>;
  /** From a saved notebook to its version going live, or to problems that say why not; the old version serves meanwhile. */
  saved(path: string, saved: SavedNotebook): Promise<void>;
  /** The notebook is gone: its last live version serves on, and the algorithm says so. */
  gone(path: string): Promise<void>;
  /** It cannot be read: that is its problem; the live version serves on. */
  unreadable(path: string, problem: Problem): Promise<void>;
  /** Taking it in failed for a reason that is not the notebook's: that is its problem until it is tried again. */
  failed(path: string, problem: Problem): Promise<void>;
  /** Resolves when nothing lies ready any more. */
  close(): Promise<void>;
}

/**
 * Saves of one name come one after the other, on whichever bridge they are noticed: of bridges that share the home the first
 * publishes a save, and the others find it published.
 */
export function publishWith({
  store,
  versions,
  pool,
  starts,
  check,
  home,
  notebooks,
  retell,
  retellModule,
  clock,
  log,
}: PublishParts): Publish {
  const siblings = siblingFinder(store, home);
  const dependents = new Dependents(store, versions);
  const republish = new Republish({ dependents, retell, retellModule });
  const isShared = store.bridges.own !== null;
  const ahead = new Ahead(exporting, (exported) => beginVersion(home.model, exported, home.mark));
  const modules = publishModulesWith({
    store,
    check,
    siblings,
    home,
    notebooks,
    clock,
    take,
    hold,
    put,
    again,
    inTurn,
    isPublished,
    republish,
    async retellNotebooks(name) {
      for (const each of await sharing(name)) retell(each);
    },
  });

  return {
    looked(path, notebook) {
      // Of several bridges one publishes, and the others would have worked for nothing.
      if (notebook === null) ahead.forget(path);
      else if (!isShared) ahead.begin(path, notebook);
    },
    async announced(path, notebook) {
      if (isShared) return; // one of several publishes it
      const known = await store.algorithms.find(nameOf(path));
      const content = contentOrWhy(notebook);
      // Most saves change outputs alone; a notebook that is new, or whose name is another's, is decided when it is saved.
      if (known?.notebook === path && "hash" in content && known.content !== content.hash) ahead.announced(path, notebook, content.hash);
    },
    async saved(path, save) {
      await saved(path, save).finally(() => ahead.decided(path, save.content));
    },
    close: () => ahead.close(),
    laid: modules.laid,
    removed: modules.removed,
    refused: modules.refused,

    async gone(path) {
      await ahead.drop(path);
      const name = nameOf(path);
      await inTurn(name, async () => {
        const known = await store.algorithms.find(name);
        if (known?.notebook !== path || known.state === "missing" || (await isThere(join(home.notebooks, path)))) return;
        if ((await sharing(name, path)).length === 0) await put({ ...known, state: "missing" });
      });
      await again(name, path);
    },

    async unreadable(path, problem) {
      await ahead.drop(path);
      const name = nameOf(path);
      await inTurn(name, async () => hold({ name, notebook: path }, [problem, ...(await rivalry(path))], ""));
    },

    async failed(path, problem) {
      const name = nameOf(path);
      await inTurn(name, async () => {
        const known = await store.algorithms.find(name);
        if (known?.state === "failing" && isDeepStrictEqual(known.problems, [problem])) return;
        await hold({ name, notebook: path }, [problem], "");
      });
    },
  };

  function inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
    return store.bridges.exclusively(`publish ${nameKey(name)}`, work);
  }

  async function saved(path: string, content: SavedNotebook): Promise<void> {
    const name = nameOf(path);
    const began = clock.now();
    const isUnknown = (await store.algorithms.find(name)) === undefined;
    await inTurn(name, () => decide(path, content, began));
    await republish.importers(name, { source: path, content: content.content });
    if (isUnknown) await modules.look(name);
  }

  async function decide(path: string, saved: SavedNotebook, began: string): Promise<void> {
    const name = nameOf(path);
    // Another bridge may have published a later save meanwhile; this one is told of that, too.
    if (isShared && (await contentNow(join(home.notebooks, path))) !== saved.content) return;
    const [rival] = await rivalry(path);
    const module = await modules.claim(name);
    const claimed = rival ?? module;
    const known = await store.algorithms.find(name);
    if (claimed) {
      // A module that is live stays known as it is.
      await hold({ name, notebook: path }, [claimed], module ? (known?.content ?? "") : "");
      return;
    }
    const isMoved = dirname(known?.notebook ?? path) !== dirname(path); // its code works in another folder now
    const isNew = !known || isMoved || !(await isPublished(known, saved.content));
    const isAgain = await republish.isStale(name, known);
    if (!isNew && (known.notebook !== path || known.state !== "live")) await put({ ...known, notebook: path, state: "live" });
    if (!isNew && !isAgain) return;
    const wasHeld = known?.state === "failing" && known.content === saved.content && known.exportedAt >= began;
    if (isShared && wasHeld && !isAgain) return;
    if (await publish(path, saved, isNew ? undefined : known)) return;
    // Told again even when it is what it was before the newer save.
    if (isAgain) republish.again({ name, notebook: path });
    else retell(path);
  }

  /** Why this notebook may not have its name: another one, which is there, has it too. */
  async function rivalry(path: string): Promise<Problem[]> {
    const claimed = claims([path, ...(await sharing(nameOf(path), path))]).get(path);
    return claimed ? [claimed] : [];
  }

  /** Other notebooks that are there and have this name. */
  async function sharing(name: string, but?: string): Promise<string[]> {
    const found: string[] = [];
    for (const other of notebooks()) {
      if (other === but || nameKey(nameOf(other)) !== nameKey(name)) continue;
      // One that was renamed may not have been missed yet.
      if (await lstat(join(home.notebooks, other)).catch(() => undefined)) found.push(other);
    }
    return found;
  }

  /** Something that had the name is gone: what else has it may go live now. */
  async function again(name: string, gone?: string): Promise<void> {
    for (const other of await sharing(name, gone)) retell(other);
    await modules.look(name);
  }

  /** @param known it is published, and again because it is stale @returns false when a newer save replaced it meanwhile */
  async function publish(path: string, { notebook, content, stat: state }: SavedNotebook, known?: Algorithm): Promise<boolean> {
    const name = nameOf(path);
    const began = clock.ticks();
    const made = await ahead.take(path, { notebook, content });
    const exported = made?.exported ?? (await exporting(path, notebook));
    if (known && isLive(exported, known)) {
      await made?.version?.discard();
      return true;
    }
    const isCurrent = notChanged(join(home.notebooks, path), content, state);
    if (!(await take({ name, notebook: path }, exported, { content, began, begun: made?.version, isCurrent }))) return false;
    await republish.ifImportsAreOlder({ name, notebook: path }, exported, () => exporting(path, notebook));
    return true;
  }

  function exporting(path: string, notebook: unknown): Promise<Exported> {
    return exportNotebook(nameOf(path), notebook, check, { notebook: path, siblings });
  }

  /** From an export to its version going live, or to problems. False when a newer save replaced it meanwhile. */
  async function take(source: Source, exported: Exported, { content, began, begun, isCurrent }: Taking): Promise<boolean> {
    if (!exported.manifest || holdsBack(exported.problems)) {
      await hold(source, exported.problems, exported.content, exported.manifest);
      return true;
    }
    const { name } = source;
    await using stack = new AsyncDisposableStack();
    const { folder, durable } = await (begun ?? (await beginVersion(home.model, exported, home.mark))).place();
    // A folder that the disk did not take is removed in this turn: the next save may find it again.
    stack.defer(() => durable.catch(() => {}));
    // What the store and the folders say is asked, and the live file is written, while the import runs.
    const looked = beside(source, exported.manifest);
    const file = source.notebook === null ? undefined : beginLive(home.model, exported.manifest, folder, home.mark);
    for (const each of [looked, file]) each?.catch(() => {}); // of no interest when the import fails
    stack.defer(async () => (await file?.catch(() => undefined))?.[Symbol.asyncDispose]());
    const found = await importedBy(exported.manifest, isCurrent);
    if (!found) return false;
    const problems = [...exported.problems, ...found];
    if (holdsBack(problems)) {
      await hold(source, problems, exported.content, exported.manifest);
      return true;
    }
    const { before, problems: told } = await looked;
    await durable;
    await goLive(source, exported.manifest, [...problems, ...told], content);
    if (before !== exported.manifest.version) republish.changed(name);
    await (await file)?.place(before && join(home.model, ".versions", name, before));
    pool.retire(name, starts.of(exported.manifest, null).key);
    log.info({ algorithm: name, version: exported.manifest.version, ms: Math.round(clock.ticks() - began) }, "a version went live");
    return true;
  }

  /** What is live before a version of this source is, and what to say of the modules beside it. */
  async function beside({ name, notebook }: Source, manifest: Manifest): Promise<{ before: string | undefined; problems: Problem[] }> {
    const before = (await store.algorithms.find(name))?.live ?? undefined;
    return { before, problems: notebook === null ? [] : await modules.beside(manifest, before === undefined) };
  }

  /** What the import says; undefined when a newer save replaced it meanwhile. */
  async function importedBy(manifest: Manifest, isCurrent: () => Promise<boolean>): Promise<Problem[] | undefined> {
    using superseded = supersededSignal(isCurrent);
    try {
      return await importProblems(pool, starts, manifest, superseded.signal);
    } catch (error) {
      if (!(error instanceof Superseded)) throw error;
      log.info({ algorithm: manifest.name, version: manifest.version }, error.message);
      return undefined;
    }
  }

  async function goLive(source: Source, manifest: Manifest, problems: Problem[], content: string): Promise<void> {
    await store.transaction(async (tx) => {
      await tx.algorithms.put({ ...facts(source, manifest), state: "live", problems, content });
      await tx.versions.add(manifest, problems);
      await tx.algorithms.setLive(manifest.name, manifest.version);
    });
    dependents.runs(source.name);
  }

  /** The version does not go live. What does, if anything, serves on. */
  async function hold(source: Source, problems: Problem[], content: string, manifest?: Manifest): Promise<void> {
    const { name, notebook } = source;
    dependents.fails(name, manifest);
    const known = await store.algorithms.find(name);
    const about = manifest ? facts(source, manifest) : { ...(known ?? unnamed(name)), notebook, exportedAt: clock.now() };
    await put({ ...about, state: "failing", problems, content });
    log.warn({ algorithm: name, problems: problems.map((each) => each.code) }, "what was saved does not go live");
  }

  async function isPublished(known: Algorithm, content: string): Promise<boolean> {
    if (known.live === null || known.content !== content || known.state === "failing") return false;
    if (await isThere(join(home.model, ".versions", known.name, known.live, "manifest.json"))) return true;
    republish.changed(known.name); // meanwhile nothing could import it
    return false;
  }

  async function put({ live: _, ...algorithm }: Omit<Algorithm, "live"> & { live?: unknown }): Promise<void> {
    await store.transaction((tx) => tx.algorithms.put(algorithm));
  }

  function facts({ notebook }: Source, { name, title, description, category, runtime, environment }: Manifest) {
    return { project: DEFAULT_PROJECT, name, title, description, category, runtime, environment, notebook, exportedAt: clock.now() };
  }
}

async function isThere(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  );
}
