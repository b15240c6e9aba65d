import type { Log } from "#contract/edges.ts";
import { DeadlinePassed } from "#contract/errors.ts";
import { LOAD, type WorkerCall } from "#contract/worker.ts";
import type { CallSink } from "./call.ts";
import { RecentModels, type WorkerModel } from "./recent-models.ts";
import type { Seat } from "./seat.ts";
import type { Seats } from "./seats.ts";
import type { PoolTarget } from "./target.ts";

/** A load that takes longer is left to a call, which tells. */
const LOAD_SECONDS = 60;

const nowhere: CallSink = { event() {}, table() {} };

/**
 * Workers and models that are there before their call comes. One after the other, in workers that have nothing else to
 * do: what takes long here holds up no call. A failure is nobody's: the call then tells it.
 */
export class Warming {
  readonly models = new RecentModels();
  readonly #seats: Seats;
  /** Whether a call waits for workers of this key. */
  readonly #isAwaited: (key: string) => boolean;
  readonly #log: Log;
  #last: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(seats: Seats, isAwaited: (key: string) => boolean, log: Log) {
    this.#seats = seats;
    this.#isAwaited = isAwaited;
    this.#log = log;
  }

  /** Has a worker of the target, and has its idle ones load these models, the first of which matters most. */
  async warm(target: PoolTarget, models: readonly WorkerModel[]): Promise<void> {
    for (const model of models.toReversed()) this.models.add(target.key, model);
    this.#last = this.#last.then(async () => {
      if (this.#isClosed) return;
      if (!this.#seats.has(target.key)) {
        if (this.#seats.hasRoom) await this.start(target, { isFurther: false });
        return;
      }
      await Promise.all(
        this.#seats.idle(target.key).map(async (seat) => {
          seat.isBusy = true;
          await this.#load(seat);
          this.#seats.rest(seat);
        }),
      );
    });
    await this.#last;
  }

  /**
   * Starts a worker of the target, which loads the models that calls used last. False when it did not start.
   *
   * @param isFurther others serve the calls that wait, so that it has time for its first model
   */
  async start(target: PoolTarget, { isFurther }: { readonly isFurther: boolean }): Promise<boolean> {
    const seat = this.#seats.keep(target);
    try {
      await seat.ready;
      await this.#load(seat, isFurther ? 1 : 0);
      return true;
    } catch (error) {
      if (!this.#isClosed) this.#log.warn({ err: error, worker: target.key }, "a worker could not be started before it was needed");
      return false;
    } finally {
      this.#seats.rest(seat);
    }
  }

  /** No further worker or model is loaded. */
  close(): void {
    this.#isClosed = true;
  }

  /** Loads what is not there yet; after so many at `least`, none while a call waits for a worker like this one. Never throws. */
  async #load(seat: Seat, least = 0): Promise<void> {
    const { key } = seat.target;
    let loaded = 0;
    for (const model of this.models.of(key)) {
      if (model.key === null || seat.loaded.has(model.key)) continue;
      if (this.#isClosed || !seat.isUsable || (loaded >= least && this.#isAwaited(key))) return;
      loaded++;
      seat.warming = model.key;
      const late = new AbortController();
      const timer = setTimeout(() => late.abort(new DeadlinePassed(LOAD_SECONDS, "what is loaded before a call")), LOAD_SECONDS * 1000);
      try {
        await seat.link?.call(loading(model), Buffer.alloc(0), nowhere, late.signal);
        seat.loaded.add(model.key);
      } catch (error) {
        if (!this.#isClosed) this.#log.info({ err: error, worker: key, model: model.name }, "a model could not be loaded before its call");
        return;
      } finally {
        clearTimeout(timer);
        seat.warming = undefined;
      }
    }
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
