import { DeadlinePassed, Stopping } from "#contract/errors.ts";
import { nameKey } from "#contract/names.ts";
import type { WorkerReady } from "#contract/worker.ts";
import { Lane } from "./lane.ts";
import type { Seats } from "./seats.ts";
import type { PoolTarget } from "./target.ts";

/** More at once would take the cores from calls. */
const AT_ONCE = 2;
/** Slow ones that may run besides: each holds memory. */
const SLOW_AT_ONCE = 3;

export interface CheckTiming {
  /** An import that takes longer, in milliseconds from the start of its process on, goes on among the slow ones, so that the others do not wait for it. */
  readonly slowAfter: number;
  /** How long an import may take, in seconds. */
  readonly limit: number;
}
const timing: CheckTiming = { slowAfter: 2000, limit: 60 };

/** How an algorithm's last import went: those that hung or were slow come after the others. */
const QUICK = 0;
const SLOW = 1;
const LATE = 2;

const never = new AbortController().signal;

/**
 * Imports of new versions, in a worker that stays for their applies when they succeed.
 *
 * Two at once; one that takes long moves over to the slow ones and makes room. Where those are too many already, and
 * somebody waits for its place, it ends and begins again when one of them has ended.
 */
export class Checks {
  readonly #seats: Seats;
  readonly #timing: CheckTiming;
  readonly #quick = new Lane(AT_ONCE);
  readonly #slow = new Lane(SLOW_AT_ONCE);
  /** Ranks of algorithms that were not quick last time. */
  readonly #ranks = new Map<string, number>();
  /** What ends each import that runs. */
  readonly #running = new Set<(reason: Error) => void>();
  #isClosed = false;

  constructor(seats: Seats, given: CheckTiming = timing) {
    this.#seats = seats;
    this.#timing = given;
  }

  /** Those that wait are refused, and so are new ones; those that run end unless they are as good as done. */
  close(): void {
    this.#isClosed = true;
    for (const lane of [this.#quick, this.#slow]) lane.close(new Stopping());
    setTimeout(() => {
      for (const end of this.#running) end(new Stopping());
    }, this.#timing.slowAfter).unref();
  }

  /** @throws WorkerFailed of phase `import`, WorkerLost, DeadlinePassed after a minute, Stopping, the signal's reason */
  async run(target: PoolTarget, signal: AbortSignal = never): Promise<WorkerReady> {
    if (this.#isClosed) throw new Stopping();
    const warm = this.#seats.find(target.key);
    if (warm) return await warm.ready;
    const rank = () => this.#ranks.get(nameKey(target.algorithm)) ?? QUICK;
    let lane = this.#quick;
    if (rank() !== QUICK && this.#slow.tryEnter()) lane = this.#slow;
    else await lane.enter(rank(), signal);
    for (;;) {
      const ready = await this.#import(target, lane, signal);
      if (ready) return ready;
      lane = this.#slow;
      await lane.enter(rank(), signal);
    }
  }

  /** One import, in a place of a lane, which is given back. Undefined: it was ended, as it is slow and there are too many. */
  async #import(target: PoolTarget, lane: Lane, signal: AbortSignal): Promise<WorkerReady | undefined> {
    let held = lane;
    let rank = QUICK;
    let isEnded = true;
    const ended = Promise.withResolvers<undefined>();
    const seat = this.#seats.keep(target);
    const onSlow = () => {
      rank = SLOW;
      if (held === this.#slow) return;
      if (this.#slow.tryEnter()) {
        held.leave();
        held = this.#slow;
      } else if (held.isAwaited) ended.resolve(undefined);
      else timers.push(setTimeout(onSlow, this.#timing.slowAfter));
    };
    const onLate = () => {
      rank = LATE;
      ended.reject(new DeadlinePassed(this.#timing.limit, "an import may take no longer; move slow work into init or load"));
    };
    const onAbort = () => ended.reject(signal.reason);
    const timers = [setTimeout(onLate, this.#timing.limit * 1000)];
    let isOver = false;
    void seat.connected.then(() => {
      if (!isOver) timers.push(setTimeout(onSlow, this.#timing.slowAfter));
    });
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    this.#running.add(ended.reject);
    ended.promise.then(undefined, () => {}); // the race may be over
    try {
      const answer = seat.ready.finally(() => {
        isEnded = false;
      });
      return await Promise.race([answer, ended.promise]);
    } finally {
      isOver = true;
      this.#running.delete(ended.reject);
      for (const timer of timers) clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      if (isEnded) await seat.end(); // its place is free when its memory is
      if (rank !== QUICK) this.#ranks.set(nameKey(target.algorithm), rank);
      else if (!isEnded) this.#ranks.delete(nameKey(target.algorithm));
      this.#seats.rest(seat);
      held.leave();
    }
  }
}
