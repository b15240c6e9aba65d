import type { Manifest } from "#contract/manifest.ts";
import type { ModelVersion } from "#contract/model.ts";
import { nameKey } from "#contract/names.ts";

/** How a version of an algorithm, and of a model, is called among the things in use. */
export const versionUse = (algorithm: string, version: string): string => `version ${nameKey(algorithm)}@${version}`;
export const modelUse = (algorithm: string, model: string, version: number): string => `model ${nameKey(algorithm)}/${model}@${version}`;

/** What a call of this version uses, and of this model. Both names are made once: calls hold the same objects again and again. */
export function usesOf(manifest: Manifest, model: ModelVersion | undefined): readonly string[] {
  const key = model ?? manifest;
  const before = named.get(key);
  if (before?.manifest === manifest) return before.things;
  const version = versionUse(manifest.name, manifest.version);
  const things = model ? [version, modelUse(manifest.name, model.name, model.version)] : [version];
  named.set(key, { manifest, things });
  return things;
}

const named = new WeakMap<object, { readonly manifest: Manifest; readonly things: readonly string[] }>();

/** What calls under way need: versions of algorithms and of models. Nothing of it is deleted meanwhile. */
export class Uses {
  readonly #counts = new Map<string, number>();
  readonly #waiting = new Map<string, PromiseWithResolvers<void>>();

  /** In use until it is disposed of. */
  take(things: readonly string[]): Disposable {
    for (const each of things) this.#counts.set(each, (this.#counts.get(each) ?? 0) + 1);
    return {
      [Symbol.dispose]: () => {
        for (const each of things) this.#give(each);
      },
    };
  }

  /** How many calls use it. */
  of(thing: string): number {
    return this.#counts.get(thing) ?? 0;
  }

  /** Resolves when no call uses it. */
  async end(thing: string): Promise<void> {
    if (this.of(thing) === 0) return;
    const waiting = this.#waiting.get(thing) ?? Promise.withResolvers<void>();
    this.#waiting.set(thing, waiting);
    await waiting.promise;
  }

  #give(thing: string): void {
    const left = this.of(thing) - 1;
    if (left > 0) {
      this.#counts.set(thing, left);
      return;
    }
    this.#counts.delete(thing);
    this.#waiting.get(thing)?.resolve();
    this.#waiting.delete(thing);
  }
}
