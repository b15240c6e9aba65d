import type { Clock, Log } from "#contract/edges.ts";
import { nameKey } from "#contract/names.ts";
import { Seat } from "./seat.ts";
import type { Purpose, Slots } from "./slots.ts";
import type { PoolTarget } from "./target.ts";

/** How often idle workers and memory are looked at. */
const LOOK_MS = 1000;
/** Idle workers beyond these end, the longest idle first: a checkout of many notebooks leaves one for each. */
const MOST_IDLE = 32;

export interface SeatsOptions {
  readonly slots: Slots;
  /** Beyond this much memory of all workers the longest idle one is stopped. */
  readonly memoryBytes: number;
  readonly idleSeconds: number;
  readonly clock: Clock;
  readonly log: Log;
  /** A seat became free or empty: somebody who waits may take it. */
  readonly onFree: () => void;
  /** A worker had to be replaced: it died, was cancelled in vain, did not start, or took too much memory. */
  readonly onRestart?: ((reason: string) => void) | undefined;
}

/** The workers that there are: started when needed, kept warm, stopped when idle longest once memory is short. */
export class Seats implements AsyncDisposable {
  readonly #options: SeatsOptions;
  readonly #seats = new Set<Seat>();
  readonly #taken: Record<Purpose, number> = { fit: 0, apply: 0, plain: 0 };
  readonly #restarts = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;

  constructor(options: SeatsOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.#look(), LOOK_MS).unref();
  }

  hasSlot(purpose: Purpose): boolean {
    return this.#taken[purpose] < this.#options.slots[purpose];
  }

  /** Whether `take` would find an idle worker, or may start one. */
  canTake({ key }: PoolTarget, purpose: Purpose): boolean {
    let count = 0;
    for (const seat of this.#seats) {
      if (seat.target.key !== key || seat.purpose !== purpose) continue;
      if (!seat.isBusy && seat.isUsable) return true;
      if (!seat.isRetired) count++;
    }
    return count < (purpose === "fit" ? this.#options.slots.fit : this.#options.slots.perKey);
  }

  /** An idle worker of the key, the one used last; else a new one. Give it back with `give`. */
  take(target: PoolTarget, purpose: Purpose): Seat {
    this.#taken[purpose]++;
    let found: Seat | undefined;
    for (const seat of this.#seats) {
      if (seat.target.key !== target.key || seat.purpose !== purpose || seat.isBusy || !seat.isUsable) continue;
      if (!found || seat.idleSince > found.idleSince) found = seat;
    }
    const seat = found ?? this.#add(target, purpose);
    seat.isBusy = true;
    return seat;
  }

  give(seat: Seat): void {
    this.#taken[seat.purpose]--;
    this.rest(seat);
  }

  /** A worker that was started for a check waits for applies. It takes no slot: a check holds up no call. */
  keep(target: PoolTarget): Seat {
    return this.#add(target, "apply");
  }

  /** It may serve the next call, if it still can. */
  rest(seat: Seat): void {
    seat.isBusy = false;
    seat.idleSince = this.#options.clock.ticks();
    if (!seat.isUsable) void this.#remove(seat, seat.reason);
    else if (this.#seats.size > MOST_IDLE) {
      const idle = this.#idle();
      for (const each of idle.slice(0, Math.max(0, idle.length - MOST_IDLE))) void this.#remove(each, "idle");
    }
    this.#options.onFree();
  }

  /** An idle worker of the key that has imported its code. */
  find(key: string): Seat | undefined {
    return [...this.#seats].find((seat) => seat.target.key === key && seat.purpose === "apply" && seat.link !== undefined && seat.isUsable);
  }

  /** Ends the idle workers of an algorithm that serve another key, and marks the busy ones. */
  retire(algorithm: string, except: string): void {
    for (const seat of this.#seats) {
      if (nameKey(seat.target.algorithm) !== nameKey(algorithm) || seat.target.key === except) continue;
      seat.isRetired = true;
      if (!seat.isBusy) void this.#remove(seat, "retired");
    }
  }

  snapshot() {
    const workers = [...this.#seats].map((seat) => ({ key: seat.target.key, purpose: seat.purpose, pid: seat.pid, isBusy: seat.isBusy }));
    return { workers, restarts: Object.fromEntries(this.#restarts) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    const all = [...this.#seats];
    this.#seats.clear(); // so that their ends are known to be asked for
    await Promise.all(all.map((seat) => seat.end()));
  }

  #add(target: PoolTarget, purpose: Purpose): Seat {
    const seat = new Seat(target, purpose);
    this.#seats.add(seat);
    seat.ready.then(
      () =>
        seat.link?.worker.ended.then((how) => {
          if (!this.#seats.delete(seat)) return;
          this.#count(seat.reason);
          this.#options.log.warn({ worker: target.key, how, reason: seat.reason }, "a worker ended before its time");
          this.#options.onFree();
        }),
      () => this.#remove(seat, "start failed"),
    );
    return seat;
  }

  async #remove(seat: Seat, reason: string): Promise<void> {
    if (!this.#seats.delete(seat)) return;
    this.#count(reason);
    await seat.end();
  }

  #count(reason: string): void {
    if (reason !== "idle" && reason !== "retired") this.#options.onRestart?.(reason);
    this.#restarts.set(reason, (this.#restarts.get(reason) ?? 0) + 1);
  }

  async #look(): Promise<void> {
    const { clock, idleSeconds, memoryBytes, log } = this.#options;
    for (const seat of this.#idle()) if (clock.ticks() - seat.idleSince > idleSeconds * 1000) void this.#remove(seat, "idle");
    const used = new Map(await Promise.all([...this.#seats].map(async (seat) => [seat, await seat.memory()] as const)));
    let total = [...used.values()].reduce((sum, each) => sum + each, 0);
    // Those idle now, not when the memory was asked for.
    for (const seat of this.#idle()) {
      if (total <= memoryBytes) return;
      log.info(
        { worker: seat.target.key, total, limit: memoryBytes },
        "the workers' memory is over BRIDGE_MEMORY: the longest idle one ends",
      );
      total -= used.get(seat) ?? 0;
      void this.#remove(seat, "memory");
    }
  }

  /** Idle ones, longest first. */
  #idle(): Seat[] {
    return [...this.#seats].filter((seat) => !seat.isBusy).sort((a, b) => a.idleSince - b.idleSince);
  }
}
