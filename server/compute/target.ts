import type { Algorithm } from "#contract/algorithm.ts";
import type { Call } from "#contract/call.ts";
import { BadCall, BeingChecked, NotFound, NotLive } from "#contract/errors.ts";
import type { Manifest } from "#contract/manifest.ts";
import type { ModelVersion } from "#contract/model.ts";
import { nameKey } from "#contract/names.ts";
import { type Problem, problemLine } from "#contract/problem.ts";
import { nearNames } from "../store/near.ts";
import type { Store } from "../store/store.ts";
import { newerThanLive } from "./newer-than-live.ts";
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
  const manifests = new Map<string, Manifest>();

  return {
    async find(call) {
      let algorithm = await findAlgorithm(store.algorithms, call.algorithm);
      let isDecided: boolean;
      if (!algorithm) {
        isDecided = await settled(call.algorithm, { notebook: null, isLive: false }); // its first save may be a moment old
        algorithm = await findAlgorithm(store.algorithms, call.algorithm);
      } else {
        isDecided = await settled(algorithm.name, { notebook: algorithm.notebook, isLive: algorithm.live !== null });
        algorithm = await store.algorithms.find(algorithm.name);
      }
      if (!isDecided && !algorithm?.live) throw new BeingChecked(algorithm?.name ?? call.algorithm);
      if (!algorithm) throw new NotFound("algorithm", call.algorithm, await near(store.algorithms, call.algorithm));
      const manifest = await liveManifest(algorithm);
      if (!call.strict && !manifest.methods.includes(call.method)) throw noMethod(manifest, call.method);
      const model = call.method === "fit" ? undefined : await modelOf(algorithm.name, call);
      return { manifest, model, notes: newerThanLive(algorithm, isDecided) };
    },
  };

  async function modelOf(
    algorithm: string,
    { model, modelVersion }: Pick<Call, "model" | "modelVersion">,
  ): Promise<ModelVersion | undefined> {
    const found = await store.models.find(algorithm, model, modelVersion ?? undefined);
    if (found || modelVersion === null) return found;
    const known = await store.models.list({ algorithm, name: model, limit: MOST_NAMED });
    if (known.length === 0) throw new NotFound(`model of ${algorithm}`, model);
    throw new NotFound(
      `version of the model ${model}`,
      modelVersion,
      known.flatMap((each) => [...each.aliases, String(each.version)]),
    );
  }

  async function liveManifest(algorithm: Algorithm): Promise<Manifest> {
    const { name, live, problems } = algorithm;
    if (live === null) throw notLive(name, problems, algorithm.notebook);
    const key = `${nameKey(name)}@${live}`;
    const known = manifests.get(key);
    if (known) return known;
    const found = await store.versions.find(name, live);
    if (!found) throw new NotFound("version", `${name}@${live}`);
    if (manifests.size >= 1000) manifests.clear();
    manifests.set(key, found.manifest);
    return found.manifest;
  }
}

const MOST_NAMED = 10;

/** By name first, then by title. @throws BadCall when several have the title. */
export async function findAlgorithm(algorithms: Store["algorithms"], name: string): Promise<Algorithm | undefined> {
  const named = await algorithms.find(name);
  if (named) return named;
  // A call that names nothing must not run whatever has no title.
  const titled = name.trim() === "" ? [] : await algorithms.findByTitle(name);
  if (titled.length > 1) {
    const names = titled.map((each) => each.name).join(", ");
    throw new BadCall(`Several algorithms have the title "${name}".`, `Use the name of one: ${names}.`);
  }
  return titled[0];
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

function notLive(name: string, problems: readonly Problem[], notebook: string | null): NotLive {
  const errors = problems.filter((each) => each.severity === "error");
  const first = errors[0];
  return new NotLive(
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
