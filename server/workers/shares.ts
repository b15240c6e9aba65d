import type { Rows } from "#contract/call.ts";
import type { Clock } from "#contract/edges.ts";
import { Counts } from "./counts.ts";
import { areSmall } from "./outgoing.ts";
import type { Purpose, Slots } from "./slots.ts";
import type { Asking } from "./turns.ts";

/** So long after a caller's last apply on a version, in ms, another leaves it a worker: one that calls again and again finds it free. */
const EXPECTED_MS = 100;
/** Versions that are known; beyond this those without a call are forgotten. */
const MOST_KNOWN = 1000;

type Taking = Asking & { readonly input: Rows };

/** The applies of a version. */
interface Applies {
  readonly byCaller: Counts;
  /** Those of few rows. */
  readonly fewByCaller: Counts;
  /** The caller whose apply began or ended last, and when, in ticks. */
  last: string;
  lastAt: number;
  /** When one of another's did. */
  otherAt: number;
}

/** What computes now, by caller: nobody gets more at once than leaves something to others. */
export class Shares {
  readonly #slots: Slots;
  readonly #clock: Clock;
  readonly #byPurpose: Readonly<Record<Purpose, Counts>> = { fit: new Counts(), apply: new Counts(), plain: new Counts() };
  readonly #applies = new Map<string, Applies>();

  constructor(slots: Slots, clock: Clock) {
    this.#slots = slots;
    this.#clock = clock;
  }

  /** Whether one more of this caller's calls may compute. @param hasWaitedLong whether it need not leave a worker to others */
  mayTake({ purpose, key, caller }: Asking, hasWaitedLong = false): boolean {
    if (this.#byPurpose[purpose].of(caller) >= this.#slots[purpose]) return false;
    if (purpose !== "apply") return true;
    const applies = this.#applies.get(key);
    if (!applies) return true;
    if (applies.byCaller.of(caller) >= this.#slots.perKey) return false;
    // Many rows compute below others, and may go on for long: what is left is left by floods of few.
    const few = applies.fewByCaller.of(caller);
    if (hasWaitedLong || few === 0 || few < this.#slots.perKey - 1) return true;
    const other = applies.last === caller ? applies.otherAt : applies.lastAt;
    return other <= this.#clock.ticks() - EXPECTED_MS;
  }

  /**
   * Which share of its caller has no place for one more such call: that of its version, or that of all.
   *
   * @param gone calls that are thought away; those of others change nothing
   */
  full({ purpose, key, caller }: Asking, gone: readonly Asking[] = []): "version" | "all" | undefined {
    const own = gone.filter((each) => each.caller === caller && each.purpose === purpose);
    const alike = own.filter((each) => each.key === key);
    const ofVersion = (this.#applies.get(key)?.byCaller.of(caller) ?? 0) - alike.length;
    if (purpose === "apply" && ofVersion >= this.#slots.perKey) return "version";
    return this.#byPurpose[purpose].of(caller) - own.length >= this.#slots[purpose] ? "all" : undefined;
  }

  /** Whether nothing of this caller computes: on the version, or on any. */
  hasNone({ purpose, key, caller }: Asking, where: "version" | "all"): boolean {
    if (where === "all" || purpose !== "apply") return this.#byPurpose[purpose].of(caller) === 0;
    return (this.#applies.get(key)?.byCaller.of(caller) ?? 0) === 0;
  }

  take(asking: Taking): void {
    this.#add(asking, 1);
  }

  give(asking: Taking): void {
    this.#add(asking, -1);
  }

  #add({ purpose, key, caller, input }: Taking, by: 1 | -1): void {
    this.#byPurpose[purpose].add(caller, by);
    if (purpose !== "apply") return;
    const applies = this.#applies.get(key) ?? this.#known(key, caller);
    applies.byCaller.add(caller, by);
    if (areSmall(input)) applies.fewByCaller.add(caller, by);
    if (applies.last !== caller) {
      applies.otherAt = applies.lastAt;
      applies.last = caller;
    }
    applies.lastAt = this.#clock.ticks();
  }

  #known(key: string, caller: string): Applies {
    if (this.#applies.size >= MOST_KNOWN)
      for (const [each, { byCaller }] of this.#applies) if (byCaller.isEmpty) this.#applies.delete(each);
    const applies = {
      byCaller: new Counts(),
      fewByCaller: new Counts(),
      last: caller,
      lastAt: Number.NEGATIVE_INFINITY,
      otherAt: Number.NEGATIVE_INFINITY,
    };
    this.#applies.set(key, applies);
    return applies;
  }
}
