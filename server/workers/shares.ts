import type { Clock } from "#contract/edges.ts";
import { Counts } from "./counts.ts";
import type { Purpose, Slots } from "./slots.ts";
import type { Asking } from "./turns.ts";

/** So long after a caller's last apply on a version, in ms, another leaves it a worker: one that calls again and again finds it free. */
const EXPECTED_MS = 100;
/** Versions whose last callers are known. */
const MOST_KNOWN = 1000;

/** The caller whose apply began or ended last, and the last of another's. */
interface Last {
  readonly caller: string;
  readonly at: number;
  readonly other: number;
}

/** What computes now, by caller: nobody gets more at once than leaves something to others. */
export class Shares {
  readonly #slots: Slots;
  readonly #clock: Clock;
  readonly #byPurpose: Readonly<Record<Purpose, Counts>> = { fit: new Counts(), apply: new Counts(), plain: new Counts() };
  readonly #appliesByKey = new Map<string, Counts>();
  readonly #lastByKey = new Map<string, Last>();

  constructor(slots: Slots, clock: Clock) {
    this.#slots = slots;
    this.#clock = clock;
  }

  /** Whether one more of this caller's calls may compute. */
  mayTake({ purpose, key, caller }: Asking): boolean {
    if (this.#byPurpose[purpose].of(caller) >= this.#slots[purpose]) return false;
    if (purpose !== "apply") return true;
    const own = this.#appliesByKey.get(key)?.of(caller) ?? 0;
    return own < this.#slots.perKey - (own > 0 && this.#isExpectingOthers(key, caller) ? 1 : 0);
  }

  take(asking: Asking): void {
    this.#add(asking, 1);
  }

  give(asking: Asking): void {
    this.#add(asking, -1);
  }

  #isExpectingOthers(key: string, caller: string): boolean {
    const last = this.#lastByKey.get(key);
    if (!last) return false;
    return (last.caller === caller ? last.other : last.at) > this.#clock.ticks() - EXPECTED_MS;
  }

  #add({ purpose, key, caller }: Asking, by: 1 | -1): void {
    this.#byPurpose[purpose].add(caller, by);
    if (purpose !== "apply") return;
    const callers = this.#appliesByKey.get(key) ?? new Counts();
    callers.add(caller, by);
    if (callers.isEmpty) this.#appliesByKey.delete(key);
    else this.#appliesByKey.set(key, callers);
    this.#seen(key, caller);
  }

  #seen(key: string, caller: string): void {
    const last = this.#lastByKey.get(key);
    const at = this.#clock.ticks();
    const other = last === undefined ? Number.NEGATIVE_INFINITY : last.caller === caller ? last.other : last.at;
    if (!last && this.#lastByKey.size >= MOST_KNOWN) this.#lastByKey.clear();
    this.#lastByKey.set(key, { caller, at, other });
  }
}
