/** How many there are of each; those of which there are none are forgotten. */
export class Counts {
  readonly #counts = new Map<string, number>();

  of(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  add(key: string, by: 1 | -1): void {
    const count = this.of(key) + by;
    if (count > 0) this.#counts.set(key, count);
    else this.#counts.delete(key);
  }

  get isEmpty(): boolean {
    return this.#counts.size === 0;
  }

  entries(): IterableIterator<[string, number]> {
    return this.#counts.entries();
  }
}
