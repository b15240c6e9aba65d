/** Those of which there are none are forgotten many at a time: to forget and remember the same one with each call costs a new table each time. */
const MOST_NONE = 100;

/** How many there are of each. */
export class Counts {
  readonly #counts = new Map<string, number>();
  /** Keys of which there are some. */
  #some = 0;

  of(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  add(key: string, by: 1 | -1): void {
    const before = this.of(key);
    const count = Math.max(0, before + by);
    this.#counts.set(key, count);
    if (before === 0 && count > 0) this.#some++;
    else if (before > 0 && count === 0) this.#some--;
    if (this.#counts.size - this.#some <= MOST_NONE) return;
    for (const [each, found] of this.#counts) if (found === 0) this.#counts.delete(each);
  }

  get isEmpty(): boolean {
    return this.#some === 0;
  }

  /** Those of which there are some. */
  *entries(): Generator<[string, number]> {
    for (const each of this.#counts) if (each[1] > 0) yield each;
  }
}
