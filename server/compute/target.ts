import type { Algorithm } from "#contract/algorithm.ts";
import type { Call } from "#contract/call.ts";
import { BadCall, BeingChecked, NotFound, NotLive } from "#contract/errors.ts";
import type { Manifest } from "#contract/manifest.ts";
import type { ModelVersion } from "#contract/model.ts";
import { nameKey } from "#contract/names.ts";
import { problemLine } from "#contract/problem.ts";
import { nearNames } from "../store/near.ts";
import type { Store } from "../store/store.ts";
import { newerThanLive } from "./newer-than-live.ts";
import type { Source } from "./publish-modules.ts";
import type { Publisher } from "./publisher.ts";

/** What a call is about, once found: the live version and, for all but fits, the fitted model if there is one. */
export interface Target {
  readonly manifest: Manifest;
  readonly model: ModelVersion | undefined;
  /** Sentences for the receipt: what is newer than the version, and why that does not run. */
  readonly notes: readonly string[];
}

export interface TargetFinder {
  /**
   * @throws NotFound for an unknown algorithm; BadCall for an ambiguous title or a method that the version has not;
   * NotLive when no save of it ever ran; BeingChecked when that is not decided yet. On a strict call the worker tells of a missing method, in DSDL's words.
   */
  find(call: Pick<Call, "method" | "model" | "modelVersion" | "strict"> & { algorithm: string }): Promise<Target>;
}

/** @param settled resolves when the last save of an algorithm's notebook has been decided (Publisher.settled). */
export function targetFinder(store: Pick<Store, "algorithms" | "versions" | "models">, settled: Publisher["settled"]): TargetFinder {
  // Versions never change, so a manifest that was read stays true.
  const versions = new Map<string, Live>();
  /** The same by what the store gave, which is the same object until something changes: nothing is named anew. */
  const asGiven = new WeakMap<Algorithm, Live>();

  return {
    async find(call) {
      let algorithm = (await store.algorithms.find(call.algorithm)) ?? (await titled(store.algorithms, call.algorithm));
      let isDecided: boolean;
      let siblings: Siblings | undefined;
      let known: Live | undefined;
      if (!algorithm) {
        isDecided = await settled(call.algorithm, { notebook: null, isLive: false }); // its first save may be a moment old
        algorithm = await findAlgorithm(store.algorithms, call.algorithm);
        [algorithm, siblings, isDecided] = await withSiblings(algorithm, undefined, isDecided);
      } else {
        const live = asGiven.get(algorithm) ?? (await liveOf(algorithm));
        if (live?.imports !== undefined) siblings = await siblingsOf(live.imports);
        const settling = settled(algorithm.name, { notebook: algorithm.notebook, isLive: algorithm.live !== null, siblings });
        isDecided = settling === true || (await settling);
        // Even if nothing was waited for: it may have become true while the store answered.
        const now = await store.algorithms.find(algorithm.name);
        if (settling !== true) [algorithm, siblings, isDecided] = await withSiblings(now, live, isDecided);
        else if (now !== algorithm) algorithm = now;
        else known = live;
      }
      if (!isDecided && !algorithm?.live) throw new BeingChecked(algorithm?.name ?? call.algorithm);
      if (!algorithm) throw new NotFound("algorithm", call.algorithm, await near(store.algorithms, call.algorithm));
      const { manifest } = known ?? asGiven.get(algorithm) ?? (await liveOf(algorithm)) ?? notLive(algorithm);
      if (!call.strict && !manifest.methods.includes(call.method)) throw noMethod(manifest, call.method);
      const model = call.method === "fit" ? undefined : await store.models.find(algorithm.name, call.model, call.modelVersion ?? undefined);
      if (!model && call.method !== "fit" && call.modelVersion !== null) throw await noModel(algorithm.name, call.model, call.modelVersion);
      return { manifest, model, notes: newerThanLive(algorithm, isDecided, siblings) };
    },
  };

  async function noModel(algorithm: string, model: string, modelVersion: string): Promise<NotFound> {
    const known = await store.models.list({ algorithm, name: model, limit: MOST_NAMED });
    if (known.length === 0) return new NotFound(`model of ${algorithm}`, model);
    return new NotFound(
      `version of the model ${model}`,
      modelVersion,
      known.flatMap((each) => [...each.aliases, String(each.version)]),
    );
  }

  async function liveOf(algorithm: Algorithm): Promise<Live | undefined> {
    const { name, live: version } = algorithm;
    if (version === null) return undefined;
    const key = `${nameKey(name)}@${version}`;
    const live = versions.get(key) ?? liveWith((await store.versions.find(name, version))?.manifest);
    if (!live) throw new NotFound("version", `${name}@${version}`);
    if (versions.size >= 1000) versions.clear();
    versions.set(key, live);
    asGiven.set(algorithm, live);
    return live;
  }

  /** What was waited for may import others than the version before, whose saves count as well; and tells what the siblings' saves came to. */
  async function withSiblings(found: Algorithm | undefined, before: Live | undefined, isDecided: boolean): Promise<Waited> {
    const live = found && (await liveOf(found));
    if (!found || live?.imports === undefined) return [found, undefined, isDecided];
    const siblings = await siblingsOf(live.imports);
    if (!isDecided || live.imports.every((each) => before?.imports?.includes(each))) return [found, siblings, isDecided];
    const isAllDecided = await settled(found.name, { notebook: found.notebook, isLive: true, siblings });
    return [await store.algorithms.find(found.name), await siblingsOf(live.imports), isAllDecided];
  }

  /** Those that are not known any more are looked for as modules. */
  async function siblingsOf(names: readonly string[]): Promise<Siblings> {
    return await Promise.all(names.map(async (name) => (await store.algorithms.find(name)) ?? { name, notebook: null }));
  }
}

/** A live version, and the siblings that it imports if there are any. */
interface Live {
  readonly manifest: Manifest;
  readonly imports: readonly string[] | undefined;
}

type Siblings = readonly (Algorithm | Source)[];
type Waited = [Algorithm | undefined, Siblings | undefined, boolean];

function liveWith(manifest: Manifest | undefined): Live | undefined {
  const imports = Object.keys(manifest?.siblings ?? {});
  return manifest && { manifest, imports: imports.length === 0 ? undefined : imports };
}

const MOST_NAMED = 10;

/** By name first, then by title. @throws BadCall when several have the title. */
export async function findAlgorithm(algorithms: Store["algorithms"], name: string): Promise<Algorithm | undefined> {
  return (await algorithms.find(name)) ?? (await titled(algorithms, name));
}

async function titled(algorithms: Store["algorithms"], name: string): Promise<Algorithm | undefined> {
  // A call that names nothing must not run whatever has no title.
  const found = name.trim() === "" ? [] : await algorithms.findByTitle(name);
  if (found.length > 1) {
    const names = found.map((each) => each.name).join(", ");
    throw new BadCall(`Several algorithms have the title "${name}".`, `Use the name of one: ${names}.`);
  }
  return found[0];
}

function noMethod(manifest: Manifest, method: string): BadCall {
  if (manifest.methods.length === 0) {
    return new BadCall(
      `${manifest.name} is a library: it has no method to call.`,
      "Mark a cell that defines fit or apply, and save the notebook.",
    );
  }
  return new BadCall(`${manifest.name} has no method "${method}".`, `Use one of: ${manifest.methods.join(", ")}.`);
}

function notLive({ name, problems, notebook }: Algorithm): never {
  const errors = problems.filter((each) => each.severity === "error");
  const first = errors[0];
  throw new NotLive(
    `No version of ${name} may run yet: its last save has ${errors.length === 1 ? "an error" : `${errors.length} errors`}.`,
    first ? `Mend this first: ${problemLine(notebook ?? name, first)}` : "Save the notebook once more.",
    { problems: errors },
  );
}

/** Names that were meant, or else the first of those that there are. */
async function near(algorithms: Store["algorithms"], name: string): Promise<string[]> {
  const names = (await algorithms.list()).map((each) => each.name);
  const nearest = nearNames(name, names);
  return nearest.length > 0 ? nearest : names.slice(0, 10);
}
