import type { Call } from "#contract/call.ts";
import { BeingChecked } from "#contract/errors.ts";
import type { Manifest } from "#contract/manifest.ts";
import type { ModelVersion } from "#contract/model.ts";
import type { Store } from "../store/store.ts";
import { decidedWith } from "./decided.ts";
import { LiveVersions } from "./live-versions.ts";
import { newerThanLive } from "./newer-than-live.ts";
import { noAlgorithm, noMethod, noModel, notLive } from "./no-target.ts";
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

/** @param settled as for decidedWith @param versions shared with others that read them */
export function targetFinder(
  store: Pick<Store, "algorithms" | "versions" | "models">,
  settled: Publisher["settled"],
  versions = new LiveVersions(store),
): TargetFinder {
  const decided = decidedWith(store, versions, settled);

  return {
    async find({ algorithm: wanted, method, model: name, modelVersion, strict }) {
      const { algorithm, live, siblings, isDecided } = await decided(wanted);
      if (!isDecided && !algorithm?.live) throw new BeingChecked(algorithm?.name ?? wanted);
      if (!algorithm) throw await noAlgorithm(store.algorithms, wanted);
      if (!live) throw notLive(algorithm);
      const { manifest } = live;
      if (!strict && !manifest.methods.includes(method)) throw noMethod(manifest, method);
      const notes = newerThanLive(algorithm, isDecided, siblings);
      if (method === "fit") return { manifest, model: undefined, notes };
      const model = await store.models.find(algorithm.name, name, modelVersion ?? undefined);
      if (!model && modelVersion !== null) throw await noModel(store.models, algorithm.name, name, modelVersion);
      return { manifest, model, notes };
    },
  };
}
