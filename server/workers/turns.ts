import { Callers } from "./callers.ts";
import { Counts } from "./counts.ts";
import type { Purpose } from "./slots.ts";

/** What decides whose turn it is. */
export interface Asking {
  readonly algorithm: string;
  /** Calls of one key wait for the same workers. */
  readonly key: string;
  readonly purpose: Purpose;
  /** Who asks. */
  readonly caller: string;
  /** Nobody looks at the screen for it: calls of people come first. */
  readonly isScheduled: boolean;
}

/** While both wait, scheduled calls have one turn after this many of people's. */
const PEOPLES_TURNS = 4;

interface Two<T> {
  readonly people: Callers<T>;
  readonly scheduled: Callers<T>;
  /** Turns that people had while scheduled calls waited. */
  since: number;
}

/**
 * Who comes next: people's calls before scheduled ones, four to one, so that none starves; among them each caller in
 * turn, of a caller each algorithm in turn, and there who came first.
 */
export class Turns<T extends { readonly request: Asking }> {
  readonly #purposes: Readonly<Record<Purpose, Two<T>>> = { fit: two(), apply: two(), plain: two() };
  readonly #byAlgorithm = new Counts();
  readonly #byCaller = new Counts();

  isEmpty(purpose: Purpose): boolean {
    const { people, scheduled } = this.#purposes[purpose];
    return people.isEmpty && scheduled.isEmpty;
  }

  /** @param isFirst before all others of its caller and algorithm */
  add(entry: T, { isFirst = false } = {}): void {
    const { request } = entry;
    this.#callersOf(request).add(request.caller, request.key, entry, isFirst);
    this.#count(request, 1);
  }

  /** Takes out the entry whose turn it is among those that `fits`. */
  next(purpose: Purpose, fits: (entry: T) => boolean): T | undefined {
    const both = this.#purposes[purpose];
    const { people, scheduled } = both;
    const isTheirs = both.since >= PEOPLES_TURNS;
    const entry = isTheirs ? (scheduled.next(fits) ?? people.next(fits)) : (people.next(fits) ?? scheduled.next(fits));
    if (!entry) return undefined;
    if (entry.request.isScheduled || scheduled.isEmpty) both.since = 0;
    else both.since++;
    this.#count(entry.request, -1);
    return entry;
  }

  /** False when it was not waiting. */
  remove(entry: T): boolean {
    const { request } = entry;
    const isThere = this.#callersOf(request).remove(request.caller, request.key, entry);
    if (isThere) this.#count(request, -1);
    return isThere;
  }

  /** Calls that wait for an algorithm. */
  count(algorithm: string): number {
    return this.#byAlgorithm.of(algorithm);
  }

  /** Of these, those of one caller; its scheduled ones and its others apart. */
  countOf(request: Asking): number {
    return this.#byCaller.of(shareOf(request));
  }

  /** Algorithms for which calls wait, and how many. */
  counts(): IterableIterator<[string, number]> {
    return this.#byAlgorithm.entries();
  }

  /** Entries that wait for the same workers, of one caller. */
  *lines(purpose: Purpose): Generator<ReadonlySet<T>> {
    const { people, scheduled } = this.#purposes[purpose];
    yield* people.lines();
    yield* scheduled.lines();
  }

  all(): T[] {
    return (["fit", "apply", "plain"] as const).flatMap((purpose) => [...this.lines(purpose)].flatMap((line) => [...line]));
  }

  /** Takes all out. */
  clear(): T[] {
    return this.all().filter((entry) => this.remove(entry));
  }

  #callersOf({ purpose, isScheduled }: Asking): Callers<T> {
    return this.#purposes[purpose][isScheduled ? "scheduled" : "people"];
  }

  #count(request: Asking, by: 1 | -1): void {
    this.#byAlgorithm.add(request.algorithm, by);
    this.#byCaller.add(shareOf(request), by);
  }
}

function two<T>(): Two<T> {
  return { people: new Callers(), scheduled: new Callers(), since: 0 };
}

function shareOf({ algorithm, caller, isScheduled }: Asking): string {
  return `${algorithm}\n${caller}\n${isScheduled}`;
}
