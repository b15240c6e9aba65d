import { DeadlinePassed, Stopping } from "#contract/errors.ts";
import type { WorkerReady } from "#contract/worker.ts";
import type { Seats } from "./seats.ts";
import type { PoolTarget } from "./target.ts";

/** More at once would take the cores from calls. */
const AT_ONCE = 2;
const SECONDS = 60;

/** Imports of new versions, in a worker that stays for their applies when they succeed. */
export class Checks {
  readonly #seats: Seats;
  readonly #waiting: PromiseWithResolvers<void>[] = [];
  #running = 0;
  #isClosed = false;

  constructor(seats: Seats) {
    this.#seats = seats;
  }

  /** Those that wait are refused, and so are new ones. */
  close(): void {
    this.#isClosed = true;
    for (const { reject } of this.#waiting.splice(0)) reject(new Stopping());
  }

  /** @throws WorkerFailed of phase `import`, WorkerLost, DeadlinePassed after a minute, Stopping */
  async run(target: PoolTarget): Promise<WorkerReady> {
    if (this.#isClosed) throw new Stopping();
    const warm = this.#seats.find(target.key);
    if (warm) return await warm.ready;
    if (this.#running < AT_ONCE) this.#running++;
    else await this.#turn();
    const seat = this.#seats.keep(target);
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      late.reject(new DeadlinePassed(SECONDS, "an import may take no longer; move slow work into init or load"));
      void seat.end();
    }, SECONDS * 1000);
    try {
      return await Promise.race([seat.ready, late.promise]);
    } finally {
      clearTimeout(timer);
      this.#seats.rest(seat);
      // The place is handed on: somebody who comes meanwhile must not take it, too.
      const next = this.#waiting.shift();
      if (next) next.resolve();
      else this.#running--;
    }
  }

  #turn(): Promise<void> {
    const turn = Promise.withResolvers<void>();
    this.#waiting.push(turn);
    return turn.promise;
  }
}
