/** What a caller has waiting, and when its turn is. */
interface Waiting<T> {
  /** In turns given: who has the lowest is next. */
  turn: number;
  /** By worker key, in the order of their turns; each line in the order of arrival. */
  readonly lines: Map<string, Set<T>>;
}

/** Beyond this many, callers who have had no more than their share are forgotten. */
const MOST_REMEMBERED = 1000;

/**
 * Callers who take turns, and of each its algorithms in turn. Who comes while others have been served goes first, once:
 * a single call is not behind one of each flood. Who could not be served for a while has no more turns for it later.
 *
 * Serving one costs as many steps as callers wait, and as there are lines whose workers are all busy; how many calls
 * wait does not matter.
 */
export class Callers<T> {
  readonly #waiting = new Map<string, Waiting<T>>();
  /** The next turn of those who were served and do not wait now. */
  readonly #next = new Map<string, number>();
  /** The turn of the last who was served. */
  #turn = 0;

  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  /** @param isFirst before all others of its line */
  add(caller: string, key: string, entry: T, isFirst: boolean): void {
    let waiting = this.#waiting.get(caller);
    if (!waiting) {
      waiting = { turn: Math.max(this.#turn, this.#next.get(caller) ?? 0), lines: new Map() };
      this.#waiting.set(caller, waiting);
    }
    const line = waiting.lines.get(key);
    if (!line) waiting.lines.set(key, new Set([entry]));
    else if (isFirst) waiting.lines.set(key, new Set([entry, ...line]));
    else line.add(entry);
  }

  /** Takes out the entry whose turn it is among those that `fits`; entries of a line fit alike. */
  next(fits: (entry: T) => boolean): T | undefined {
    let next: { readonly caller: string; readonly key: string; readonly entry: T; readonly waiting: Waiting<T> } | undefined;
    for (const [caller, waiting] of this.#waiting) {
      if (next && waiting.turn >= next.waiting.turn) continue;
      const found = firstOf(waiting, fits);
      if (found) next = { caller, waiting, ...found };
    }
    if (!next) return undefined;
    const { caller, key, entry, waiting } = next;
    this.#turn = Math.max(this.#turn, waiting.turn);
    waiting.turn = this.#turn + 1;
    const line = waiting.lines.get(key);
    waiting.lines.delete(key);
    if (line && line.size > 1) waiting.lines.set(key, line); // at the end
    line?.delete(entry);
    if (waiting.lines.size === 0) this.#leave(caller, waiting.turn);
    return entry;
  }

  /** False when it was not waiting. */
  remove(caller: string, key: string, entry: T): boolean {
    const waiting = this.#waiting.get(caller);
    const line = waiting?.lines.get(key);
    if (!waiting || !line?.delete(entry)) return false;
    if (line.size === 0) waiting.lines.delete(key);
    if (waiting.lines.size === 0) this.#leave(caller, waiting.turn);
    return true;
  }

  /** Entries that wait for the same workers, of one caller; the first of them is next. */
  *lines(): Generator<ReadonlySet<T>> {
    for (const { lines } of this.#waiting.values()) yield* lines.values();
  }

  #leave(caller: string, turn: number): void {
    this.#waiting.delete(caller);
    if (this.#next.size >= MOST_REMEMBERED) {
      for (const [each, next] of this.#next) if (next <= this.#turn) this.#next.delete(each);
    }
    this.#next.set(caller, turn);
  }
}

function firstOf<T>({ lines }: Waiting<T>, fits: (entry: T) => boolean): { key: string; entry: T } | undefined {
  for (const [key, line] of lines) {
    const [entry] = line;
    if (entry !== undefined && fits(entry)) return { key, entry };
  }
  return undefined;
}
