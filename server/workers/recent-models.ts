import type { WorkerCall } from "#contract/worker.ts";

/** A model as a worker is told of it. */
export type WorkerModel = NonNullable<WorkerCall["model"]>;

/** Models of a version that further workers load before their first call. */
const MOST_MODELS = 4;
/** Versions that are remembered. */
const MOST_KEYS = 1000;

/** The models that calls of each version used last: a new worker of it loads them before it gets a call. */
export class RecentModels {
  readonly #byKey = new Map<string, WorkerModel[]>();

  /** Last used first. */
  of(key: string): readonly WorkerModel[] {
    return this.#byKey.get(key) ?? [];
  }

  /** A call of this version uses it. One that may not be kept in memory is not remembered. */
  add(key: string, model: WorkerModel | null): void {
    if (model === null || model.key === null) return;
    const known = this.#byKey.get(key);
    if (known?.[0]?.key === model.key) return;
    // A newer version of a model takes the place of the older one.
    const others = (known ?? []).filter(({ name }) => name !== model.name).slice(0, MOST_MODELS - 1);
    if (this.#byKey.size >= MOST_KEYS) this.#byKey.clear();
    this.#byKey.set(key, [model, ...others]);
  }

  /** It cannot be loaded: it may have been deleted. */
  drop(key: string, model: WorkerModel): void {
    const left = this.of(key).filter((each) => each.key !== model.key);
    if (left.length > 0) this.#byKey.set(key, left);
    else this.#byKey.delete(key);
  }
}
