/** What nobody should be told to wait longer than: the guess is too rough for more. */
const LONGEST_SECONDS = 60;

/** How long calls of each kind took lately, to tell who must come again when. Kinds are as many as algorithms. */
export class Pace {
  readonly #means = new Map<string, number>();

  add(kind: string, seconds: number): void {
    const mean = this.#means.get(kind);
    this.#means.set(kind, mean === undefined ? seconds : 0.9 * mean + 0.1 * seconds);
  }

  /** Of calls of this kind; infinitely many where none is known. */
  secondsOf(kind: string): number {
    return this.#means.get(kind) ?? Number.POSITIVE_INFINITY;
  }

  /** Whole seconds, from 1 to 60, until `waiting` calls are through. A second a call where none is known. */
  secondsFor(kind: string, waiting: number, atOnce: number): number {
    const seconds = ((this.#means.get(kind) ?? 1) * waiting) / Math.max(1, atOnce);
    return Math.min(LONGEST_SECONDS, Math.max(1, Math.ceil(seconds)));
  }
}
