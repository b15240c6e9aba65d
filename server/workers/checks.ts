import { DeadlinePassed } from "#contract/errors.ts";
import type { WorkerReady } from "#contract/worker.ts";
import type { Seats } from "./seats.ts";
import type { PoolTarget } from "./target.ts";

/** More at once would take the cores from calls. */
const AT_ONCE = 2;
const SECONDS = 60;

/** Imports of new versions, in a worker that stays for their applies when they succeed. */
export class Checks {
  readonly #seats: Seats;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(seats: Seats) {
    this.#seats = seats;
  }

  /** @throws WorkerFailed of phase `import`, WorkerLost, DeadlinePassed after a minute */
  async run(target: PoolTarget): Promise<WorkerReady> {
    const warm = this.#seats.find(target.key);
    if (warm) return await warm.ready;
    if (this.#running >= AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#running++;
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
      this.#running--;
      this.#waiting.shift()?.();
    }
  }
}
