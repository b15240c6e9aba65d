import type { Seat } from "./seat.ts";

/** A call that a worker was given. */
export interface Given {
  /** When the worker began it, in ticks; undefined while it starts, or computes another. */
  began: number | undefined;
}

/** What workers were given: of each the call that it computes, then those that were sent ahead, in their order. */
export class UnderWay<T extends Given> {
  readonly #lines = new Map<Seat, T[]>();

  /** A worker gets its first call, or one more. */
  add(seat: Seat, call: T): void {
    const line = this.#lines.get(seat);
    if (line) line.push(call);
    else this.#lines.set(seat, [call]);
  }

  /** A call has ended, or was taken back. Gives the one that its worker computes from now on instead, if any. */
  remove(seat: Seat, call: T): T | undefined {
    const line = this.#lines.get(seat);
    const at = line?.indexOf(call) ?? -1;
    if (!line || at < 0) return undefined;
    line.splice(at, 1);
    if (line.length === 0) this.#lines.delete(seat);
    return at === 0 ? line[0] : undefined;
  }

  of(seat: Seat): readonly T[] {
    return this.#lines.get(seat) ?? [];
  }

  *all(): Generator<T> {
    for (const line of this.#lines.values()) yield* line;
  }

  /** The call that each worker computes. */
  *computing(): Generator<T> {
    for (const [first] of this.#lines.values()) if (first) yield first;
  }

  /** The calls that were sent ahead to each worker that has some. */
  *ahead(): Generator<readonly [Seat, readonly T[]]> {
    for (const [seat, line] of this.#lines) if (line.length > 1) yield [seat, line.slice(1)];
  }
}
