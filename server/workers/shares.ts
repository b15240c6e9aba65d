import { Counts } from "./counts.ts";
import type { Purpose, Slots } from "./slots.ts";
import type { Asking } from "./turns.ts";

/** What computes now, by caller: nobody gets more at once than leaves something to others. */
export class Shares {
  readonly #slots: Slots;
  readonly #byPurpose: Readonly<Record<Purpose, Counts>> = { fit: new Counts(), apply: new Counts(), plain: new Counts() };
  readonly #appliesByKey = new Map<string, Counts>();

  constructor(slots: Slots) {
    this.#slots = slots;
  }

  /** Whether one more of this caller's calls may compute. */
  mayTake({ purpose, key, caller }: Asking): boolean {
    if (this.#byPurpose[purpose].of(caller) >= this.#slots[purpose]) return false;
    return purpose !== "apply" || (this.#appliesByKey.get(key)?.of(caller) ?? 0) < this.#slots.perKey;
  }

  take(asking: Asking): void {
    this.#add(asking, 1);
  }

  give(asking: Asking): void {
    this.#add(asking, -1);
  }

  #add({ purpose, key, caller }: Asking, by: 1 | -1): void {
    this.#byPurpose[purpose].add(caller, by);
    if (purpose !== "apply") return;
    const callers = this.#appliesByKey.get(key) ?? new Counts();
    callers.add(caller, by);
    if (callers.isEmpty) this.#appliesByKey.delete(key);
    else this.#appliesByKey.set(key, callers);
  }
}
