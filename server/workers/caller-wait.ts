import type { Rows } from "#contract/call.ts";
import type { Clock } from "#contract/edges.ts";
import type { WorkerEvent } from "#contract/worker.ts";
import type { CallSink } from "./call.ts";
import type { PoolCall } from "./pool-call.ts";
import type { Seat } from "./seat.ts";

/** Where neither a caller nor its worker moves for so long, in ms, it is the caller that is waited for. */
export const STILL_MS = 300;
/** Who takes so much of the processor within that time, in ms, computes: to send what is there takes less. */
const COMPUTING_MS = 50;

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
  /** What the worker had taken of the processor when the window began. */
  #window: { readonly since: number; readonly processorMs: number } | undefined;
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

  /** To be asked now and then: while the worker computes, the caller may be waiting for it as well. Nothing counts as still before the first look. */
  look(): void {
    const now = this.#clock.ticks();
    const { isBusy = false, processorMs = 0 } = this.seat.link?.worker.activity() ?? {};
    const before = this.#window;
    // Among many that compute it may get next to nothing.
    const isComputing = isBusy || (before && processorMs - before.processorMs >= COMPUTING_MS);
    if (!before || isComputing) this.#moved();
    if (!before || isComputing || now - before.since >= STILL_MS) this.#window = { since: now, processorMs };
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
    this.#window = undefined;
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
