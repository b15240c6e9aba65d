import type { Log } from "#contract/edges.ts";
import { DEFAULT_MODEL } from "#contract/names.ts";
import type { Store } from "../store/store.ts";
import type { Pool } from "../workers/pool.ts";
import { modelForWorker } from "./call-for-worker.ts";
import type { BridgeHome } from "./home.ts";
import type { Starts } from "./starts.ts";

/** Runs that are looked through for what people use. */
const RECENT_RUNS = 200;
/** Algorithms that have a worker from the start on. */
const MOST_ALGORITHMS = 16;
/** Models of one algorithm that are loaded before a call needs them. */
const MOST_MODELS = 4;

export interface WarmthParts {
  readonly store: Pick<Store, "algorithms" | "versions" | "models" | "runs" | "events">;
  readonly pool: Pick<Pool, "warm">;
  readonly starts: Starts;
  readonly home: BridgeHome;
  readonly log: Log;
}

/**
 * Has live versions imported, and the models that people use of them loaded, before their first call: those used last
 * after a start, then each version that goes live and each model that was fitted. In the background, and nobody's failure.
 */
export function keepWarm({ store, pool, starts, home, log }: WarmthParts): Disposable {
  let isClosed = false;
  const unsubscribe = store.events.subscribe(({ kind, subject, data }) => {
    if (kind === "version.live") void warm(subject);
    else if (kind === "model.fitted") void warm(String(data.algorithm), String(data.model));
  });
  void warmUsed();
  return {
    [Symbol.dispose]() {
      isClosed = true;
      unsubscribe();
    },
  };

  async function warmUsed(): Promise<void> {
    const runs = await store.runs.list({ limit: RECENT_RUNS }).catch(() => []);
    const names = new Set(runs.flatMap(({ algorithm }) => algorithm ?? []));
    for (const name of [...names].slice(0, MOST_ALGORITHMS)) await warm(name);
  }

  /** @param fitted the name of a model that is sure to be wanted */
  async function warm(name: string, fitted?: string): Promise<void> {
    try {
      const live = (await store.algorithms.find(name))?.live;
      const version = live && (await store.versions.find(name, live));
      if (!version || version.manifest.methods.length === 0 || isClosed) return;
      const { manifest } = version;
      const used = (await store.runs.list({ algorithm: name, limit: RECENT_RUNS })).flatMap(({ model }) => model ?? []);
      const names = new Set([...(fitted === undefined ? [] : [fitted]), ...used, DEFAULT_MODEL]);
      const models = [];
      for (const each of [...names].slice(0, MOST_MODELS)) {
        const model = await store.models.find(name, each);
        if (model) models.push(modelForWorker(home, manifest, each, model));
      }
      if (!isClosed) await pool.warm({ algorithm: manifest.name, ...starts.of(manifest, null) }, models);
    } catch (error) {
      if (!isClosed) log.warn({ err: error, algorithm: name }, "its worker and models could not be made ready before they are needed");
    }
  }
}
