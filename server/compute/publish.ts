import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Algorithm } from "#contract/algorithm.ts";
import type { Clock, Log } from "#contract/edges.ts";
import type { Manifest } from "#contract/manifest.ts";
import { DEFAULT_PROJECT, nameKey } from "#contract/names.ts";
import { holdsBack, type Problem } from "#contract/problem.ts";
import type { Check } from "../../notebook-exporter/answer.ts";
import { claims, nameOf } from "../../notebook-exporter/claims.ts";
import { contentOf } from "../../notebook-exporter/content.ts";
import { exportNotebook } from "../../notebook-exporter/export.ts";
import { writeLive, writeVersion } from "../../notebook-exporter/write.ts";
import type { Store } from "../store/store.ts";
import type { Pool } from "../workers/pool.ts";
import type { BridgeHome } from "./home.ts";
import { importProblems } from "./import-problems.ts";
import { siblingFinder } from "./sibling-finder.ts";
import type { Starts } from "./starts.ts";

/** A notebook's content as it was read, and the hash of what its export depends on. */
export interface SavedNotebook {
  readonly notebook: unknown;
  readonly content: string;
}

export interface PublishParts {
  readonly store: Store;
  readonly pool: Pool;
  readonly starts: Starts;
  readonly check: Check;
  readonly home: BridgeHome;
  /** All notebooks that are there, for names that are claimed twice. */
  readonly notebooks: () => Iterable<string>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Publish {
  /** From a saved notebook to its version going live, or to problems that say why not; the old version serves meanwhile. */
  saved(path: string, saved: SavedNotebook): Promise<void>;
  /** The notebook is gone: its last live version serves on, and the algorithm says so. */
  gone(path: string): Promise<void>;
  /** It cannot be read: that is its problem; the live version serves on. */
  unreadable(path: string, problem: Problem): Promise<void>;
}

/**
 * Saves of one name come one after the other, on whichever bridge they are noticed: of bridges that share the home the first
 * publishes a save, and the others find it published.
 */
export function publishWith({ store, pool, starts, check, home, notebooks, clock, log }: PublishParts): Publish {
  const siblings = siblingFinder(store, home);

  return {
    async saved(path, saved) {
      const noticed = clock.now();
      if (await inTurn(path, () => decide(path, saved, noticed))) await publishDependents(nameOf(path));
    },

    async gone(path) {
      await inTurn(path, async () => {
        const known = await store.algorithms.find(nameOf(path));
        if (known?.notebook !== path || known.state === "missing" || (await isThere(join(home.notebooks, path)))) return;
        await put({ ...known, state: "missing" });
      });
      for (const other of notebooks()) {
        if (other !== path && nameKey(nameOf(other)) === nameKey(nameOf(path))) await this.saved(other, await read(other));
      }
    },

    async unreadable(path, problem) {
      await inTurn(path, () => hold(path, [problem], ""));
    },
  };

  function inTurn<T>(path: string, work: () => Promise<T>): Promise<T> {
    return store.bridges.exclusively(`publish ${nameKey(nameOf(path))}`, work);
  }

  /** @returns whether it was published, as it was not before */
  async function decide(path: string, saved: SavedNotebook, noticed: string): Promise<boolean> {
    const name = nameOf(path);
    const isShared = store.bridges.own !== null;
    // Another bridge may have published a later save meanwhile; this one is told of that, too.
    if (isShared && (await contentNow(path)) !== saved.content) return false;
    const claimed = claims(new Set([...notebooks(), path])).get(path);
    if (claimed) {
      await hold(path, [claimed], "");
      return false;
    }
    const known = await store.algorithms.find(name);
    if (known && (await isPublished(known, saved.content))) {
      if (known.notebook !== path || known.state !== "live") await put({ ...known, notebook: path, state: "live" });
      return false;
    }
    const wasHeld = known?.state === "failing" && known.content === saved.content && known.exportedAt >= noticed;
    if (isShared && wasHeld) return false;
    await publish(path, saved);
    return true;
  }

  async function publish(path: string, { notebook, content }: SavedNotebook): Promise<void> {
    const name = nameOf(path);
    const began = clock.ticks();
    const exported = await exportNotebook(name, notebook, check, { notebook: path, siblings });
    if (!exported.manifest || holdsBack(exported.problems)) return await hold(path, exported.problems, exported.content, exported.manifest);
    const folder = await writeVersion(home.model, exported, home.mark);
    const problems = [...exported.problems, ...(await importProblems(pool, starts, exported.manifest))];
    if (holdsBack(problems)) return await hold(path, problems, exported.content, exported.manifest);
    await goLive(path, exported.manifest, problems, content);
    await writeLive(home.model, exported.manifest, folder, home.mark);
    pool.retire(name, starts.of(exported.manifest, null).key);
    log.info({ algorithm: name, version: exported.manifest.version, ms: Math.round(clock.ticks() - began) }, "a version went live");
  }

  async function goLive(path: string, manifest: Manifest, problems: Problem[], content: string): Promise<void> {
    await store.transaction(async (tx) => {
      await tx.algorithms.put({ ...facts(path, manifest), state: "live", problems, content });
      await tx.versions.add(manifest, problems);
      await tx.algorithms.setLive(manifest.name, manifest.version);
    });
  }

  /** The version does not go live. What does, if anything, serves on. */
  async function hold(path: string, problems: Problem[], content: string, manifest?: Manifest): Promise<void> {
    const known = await store.algorithms.find(nameOf(path));
    const about = manifest ? facts(path, manifest) : { ...(known ?? unnamed(path)), notebook: path, exportedAt: clock.now() };
    await put({ ...about, state: "failing", problems, content });
    log.warn({ algorithm: nameOf(path), problems: problems.map((each) => each.code) }, "a saved notebook does not go live");
  }

  /** Algorithms that import this one recorded its old text: they are published again with the new one. */
  async function publishDependents(name: string): Promise<void> {
    for (const other of await store.algorithms.list()) {
      if (other.live === null || other.notebook === null || other.state !== "live" || nameKey(other.name) === nameKey(name)) continue;
      const found = await store.versions.find(other.name, other.live);
      if (found && Object.keys(found.manifest.siblings).some((each) => nameKey(each) === nameKey(name))) {
        const { notebook } = other;
        await inTurn(notebook, async () => publish(notebook, await read(notebook))).catch((error: unknown) =>
          log.warn({ err: error, algorithm: other.name }, "an algorithm that imports the saved one could not be published again"),
        );
      }
    }
  }

  async function isPublished(known: Algorithm, content: string): Promise<boolean> {
    if (known.live === null || known.content !== content || known.state === "failing") return false;
    return await isThere(join(home.model, ".versions", known.name, known.live, "manifest.json"));
  }

  /** Undefined: it is gone, or is being written. */
  async function contentNow(path: string): Promise<string | undefined> {
    return await read(path).then(
      ({ content }) => content,
      () => undefined,
    );
  }

  async function read(path: string): Promise<SavedNotebook> {
    const notebook: unknown = JSON.parse(await readFile(join(home.notebooks, path), "utf8"));
    return { notebook, content: contentOf(notebook) };
  }

  async function put({ live: _, ...algorithm }: Omit<Algorithm, "live"> & { live?: unknown }): Promise<void> {
    await store.transaction((tx) => tx.algorithms.put(algorithm));
  }

  function facts(path: string, { name, title, description, category, runtime, environment }: Manifest) {
    return { project: DEFAULT_PROJECT, name, title, description, category, runtime, environment, notebook: path, exportedAt: clock.now() };
  }
}

async function isThere(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  );
}

function unnamed(path: string) {
  return {
    project: DEFAULT_PROJECT,
    name: nameOf(path),
    title: nameOf(path),
    description: "",
    category: "",
    runtime: "python",
    environment: "default",
  };
}
