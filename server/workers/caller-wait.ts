import type { Rows } from "#contract/call.ts";
import type { Clock } from "#contract/edges.ts";
import type { WorkerEvent } from "#contract/worker.ts";
import type { CallSink } from "./call.ts";
import type { PoolCall } from "./pool-call.ts";
import type { Seat } from "./seat.ts";

/** Who took so much of the processor since it was looked at, in ms, computes: to send what is there takes less. */
const COMPUTING_MS = 20;

type Pieces = Exclude<Rows, Buffer>;

/** Sees when one call waits for its caller: for the next rows, or for results to be taken. */
export class CallerWait implements CallSink {
  readonly request: PoolCall;
  readonly seat: Seat;
  /** As the request's, but watched. */
  readonly rows: Rows;
  /** Whether the call takes nobody's place meanwhile. */
  isAside = false;
  readonly #sink: CallSink;
  readonly #clock: Clock;
  readonly #changed: (wait: CallerWait) => void;
  #processorMs: number | undefined;
  /** Of the caller something is expected: rows, results to be taken, or both. */
  #expected = 0;
  #movedAt = 0;

  /** @param changed told whenever it begins or ceases to wait */
  constructor(request: PoolCall, seat: Seat, clock: Clock, changed: (wait: CallerWait) => void) {
    this.request = request;
    this.seat = seat;
    this.#sink = request.sink;
    this.#clock = clock;
    this.#changed = changed;
    this.rows = Buffer.isBuffer(request.input) ? request.input : this.#watched(request.input);
  }

  /** Since when, in ticks, neither the caller nor the worker moved though the caller is waited for; undefined while it is not. */
  get since(): number | undefined {
    return this.#expected > 0 ? this.#movedAt : undefined;
  }

  /** To be asked now and then: while the worker computes, the caller may be waiting for it as well. */
  look(): void {
    const before = this.#processorMs;
    this.#processorMs = this.seat.link?.worker.processorMs();
    if (before !== undefined && this.#processorMs !== undefined && this.#processorMs - before >= COMPUTING_MS) this.#moved();
  }

  event(event: WorkerEvent): void {
    this.#sink.event(event);
  }

  table(bytes: Buffer): void | Promise<void> {
    // Results while rows are waited for: the worker computes.
    this.#moved();
    const taken = this.#sink.table(bytes);
    return taken && this.#until(taken);
  }

  async #until<T>(step: Promise<T>): Promise<T> {
    this.#movedAt = this.#clock.ticks();
    this.#processorMs = undefined;
    this.#expected++;
    if (this.#expected === 1) this.#changed(this);
    try {
      return await step;
    } finally {
      this.#expected--;
      this.#moved();
      if (this.#expected === 0) this.#changed(this);
    }
  }

  #moved(): void {
    if (this.#expected > 0) this.#movedAt = this.#clock.ticks();
    if (this.isAside) this.#changed(this);
  }

  #watched(pieces: Pieces): Pieces {
    return {
      [Symbol.asyncIterator]: () => {
        const source = pieces[Symbol.asyncIterator]();
        return {
          next: () => this.#until(source.next()),
          return: async () => (await source.return?.()) ?? { done: true, value: undefined },
        };
      },
    };
  }
}
