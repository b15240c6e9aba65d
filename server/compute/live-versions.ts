import type { Algorithm } from "#contract/algorithm.ts";
import { NotFound } from "#contract/errors.ts";
import type { Manifest } from "#contract/manifest.ts";
import { nameKey } from "#contract/names.ts";
import type { Store } from "../store/store.ts";

/** A live version, and the names of the siblings that it imports. */
export interface Live {
  readonly manifest: Manifest;
  readonly imports: readonly string[];
}

const MOST_KEPT = 10_000;

/** The live versions of algorithms, one each. A version never changes, so a manifest that was read stays true. */
export class LiveVersions {
  readonly #store: Pick<Store, "versions">;
  readonly #kept = new Map<string, Live>();
  /** The same by what the store gave, which is the same object until something changes: nothing is named anew. */
  readonly #asGiven = new WeakMap<Algorithm, Live>();

  constructor(store: Pick<Store, "versions">) {
    this.#store = store;
  }

  /** What was read before for this very object; undefined says nothing. */
  known(algorithm: Algorithm): Live | undefined {
    return this.#asGiven.get(algorithm);
  }

  /** @returns undefined when nothing is live @throws NotFound when the version was deleted */
  async of(algorithm: Algorithm): Promise<Live | undefined> {
    const live = await this.find(algorithm);
    if (!live && algorithm.live !== null) throw new NotFound("version", `${algorithm.name}@${algorithm.live}`);
    return live;
  }

  /** As `of`; undefined also when the version was deleted. */
  async find(algorithm: Algorithm): Promise<Live | undefined> {
    const { name, live: version } = algorithm;
    if (version === null) return undefined;
    const key = nameKey(name);
    const kept = this.#kept.get(key);
    const live = kept?.manifest.version === version ? kept : await this.#read(name, version);
    if (!live) return undefined;
    if (live !== kept) this.#keep(key, live);
    this.#asGiven.set(algorithm, live);
    return live;
  }

  #keep(key: string, live: Live): void {
    this.#kept.delete(key);
    this.#kept.set(key, live);
    const [oldest = key] = this.#kept.keys();
    if (this.#kept.size > MOST_KEPT) this.#kept.delete(oldest);
  }

  async #read(name: string, version: string): Promise<Live | undefined> {
    const found = await this.#store.versions.find(name, version);
    return found && { manifest: found.manifest, imports: Object.keys(found.manifest.siblings ?? {}) };
  }
}
