import { nameKey } from "#contract/names.ts";

/** How a version of an algorithm, and of a model, is called among the things in use. */
export const versionUse = (algorithm: string, version: string): string => `version ${nameKey(algorithm)}@${version}`;
export const modelUse = (algorithm: string, model: string, version: number): string => `model ${nameKey(algorithm)}/${model}@${version}`;

/** What calls under way need: versions of algorithms and of models. Nothing of it is deleted meanwhile. */
export class Uses {
  readonly #counts = new Map<string, number>();
  readonly #waiting = new Map<string, PromiseWithResolvers<void>>();

  /** In use until it is disposed of. */
  take(...things: readonly string[]): Disposable {
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
