import type { Clock, Log } from "#contract/edges.ts";
import { DeadlinePassed } from "#contract/errors.ts";
import { nameKey } from "#contract/names.ts";
import { LOAD, type WorkerCall } from "#contract/worker.ts";
import type { CallSink } from "./call.ts";
import { RecentModels, type WorkerModel } from "./recent-models.ts";
import type { Seat } from "./seat.ts";
import type { Seats } from "./seats.ts";
import type { PoolTarget } from "./target.ts";

/** A start or a load that takes longer, in seconds, is left to a call, which tells. */
const MOST_SECONDS = 60;

const nowhere: CallSink = { event() {}, table() {} };

/**
 * Workers and models that are there before their call comes. One after the other, in one worker that has nothing else
 * to do, while there is memory: what takes long here holds up no call. A failure is nobody's: the call then tells it.
 */
export class Warming {
  readonly models = new RecentModels();
  readonly #seats: Seats;
  /** Whether a call waits for workers of this key. */
  readonly #isAwaited: (key: string) => boolean;
  readonly #clock: Clock;
  readonly #log: Log;
  /** Of each algorithm the key of the workers that are not to end. */
  readonly #wanted = new Map<string, string>();
  #last: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(seats: Seats, isAwaited: (key: string) => boolean, clock: Clock, log: Log) {
    this.#seats = seats;
    this.#isAwaited = isAwaited;
    this.#clock = clock;
    this.#log = log;
  }

  /** Has a worker of the target, and has the one used last load these models, the first of which matters most. */
  async warm(target: PoolTarget, models: readonly WorkerModel[]): Promise<void> {
    for (const model of models.toReversed()) this.models.add(target.key, model);
    this.#wanted.set(nameKey(target.algorithm), target.key);
    this.#last = this.#last.then(async () => {
      const wanted = this.#wanted.get(nameKey(target.algorithm));
      if (this.#isClosed || wanted !== target.key || !this.#seats.hasRoom) return;
      const all = this.models.of(target.key);
      if (!this.#seats.has(target.key)) return void (await this.start(target, all, () => !this.#isAwaited(target.key)));
      const seat = this.#seats.borrow(target.key);
      if (!seat) return;
      await this.#load(seat, all, () => !this.#isAwaited(target.key));
      this.#seats.rest(seat);
    });
    await this.#last;
  }

  /**
   * Starts a worker of the target, which loads these models. False when it did not start, or ended.
   *
   * @param mayLoad whether there is time for one more
   */
  async start(target: PoolTarget, models: readonly WorkerModel[], mayLoad = () => true): Promise<boolean> {
    const seat = this.#seats.keep(target);
    try {
      await inTime(seat.ready);
      await this.#load(seat, models, mayLoad);
      return seat.isUsable;
    } catch (error) {
      if (!this.#isClosed) this.#log.warn({ err: error, worker: target.key }, "a worker could not be started before it was needed");
      await seat.end();
      return false;
    } finally {
      this.#seats.rest(seat);
    }
  }

  /** Workers of this algorithm with another key are not wanted any more. */
  retire(algorithm: string, except: string): void {
    this.#wanted.set(nameKey(algorithm), except);
  }

  /** No further worker or model is loaded. */
  close(): void {
    this.#isClosed = true;
  }

  /** Loads what is not there yet, while there is memory. Never throws. */
  async #load(seat: Seat, models: readonly WorkerModel[], mayLoad: () => boolean): Promise<void> {
    const { key } = seat.target;
    for (const model of models) {
      if (model.key === null || seat.loaded.has(model.key)) continue;
      if (this.#isClosed || !seat.isUsable || !this.#seats.hasRoom || !mayLoad()) return;
      seat.warming = model.key;
      seat.comingSince = this.#clock.ticks();
      const late = new AbortController();
      const timer = setTimeout(() => late.abort(new DeadlinePassed(MOST_SECONDS, "what is loaded before a call")), MOST_SECONDS * 1000);
      try {
        const done = await seat.link?.call(loading(model), Buffer.alloc(0), nowhere, late.signal);
        seat.hasLoaded(model.key, done?.seconds.loading ?? 0);
      } catch (error) {
        this.models.drop(key, model);
        if (!this.#isClosed) this.#log.info({ err: error, worker: key, model: model.name }, "a model could not be loaded before its call");
      } finally {
        clearTimeout(timer);
        seat.warming = undefined;
      }
    }
  }
}

async function inTime(ready: Promise<unknown>): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new DeadlinePassed(MOST_SECONDS, "an import that nobody waits for")), MOST_SECONDS * 1000);
  try {
    await Promise.race([ready, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function loading(model: WorkerModel): WorkerCall {
  const input = { format: "csv", fields: null, types: null, untyped: "guess", rowWise: false, dropMultivalue: false, file: null } as const;
  return {
    ...{ run: "warming", method: LOAD, strict: false, param: "{}", model, stage: null },
    input: { ...input, segments: [] },
    output: { format: "csv", append: false },
  };
}
