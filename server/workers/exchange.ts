import type { Rows } from "#contract/call.ts";
import { BrokenFrames, type Frame, FrameKind } from "#contract/frames.ts";
import { type WorkerCall, WorkerDone, WorkerError, WorkerEvent } from "#contract/worker.ts";
import type { RunningWorker } from "../environments/environment.ts";
import { NeverReached, WorkerFailed } from "./failures.ts";
import { Outgoing } from "./outgoing.ts";

/** How long code under way may take to notice that it was interrupted. */
const CANCEL_MS = 1000;

/** Where a worker's answer goes. A promise that `table` returns is back-pressure: nothing more is read until it resolves. */
export interface CallSink {
  event(event: WorkerEvent): void;
  table(bytes: Buffer): void | Promise<void>;
}

/** What the link does for the exchange that it carries. */
export interface Carrier {
  /** The work is being stopped: whoever holds the stream back is not waited for any more. */
  release(): void;
  /** The answer is complete, or none will come. */
  over(): void;
}

/** One call and its answer, from the first byte to the last. */
export class Exchange {
  readonly answered: Promise<WorkerDone>;
  readonly outgoing: Outgoing;
  /** The worker did not stop, or answered something else when it was interrupted, which then may hit what it does next. */
  isSpoiled = false;
  readonly #worker: RunningWorker;
  readonly #sink: CallSink;
  readonly #signal: AbortSignal;
  readonly #carrier: Carrier;
  readonly #settle: PromiseWithResolvers<WorkerDone>;
  readonly #onAbort = () => this.cancel(this.#signal.reason);
  #cancelled: { readonly reason: unknown } | undefined;
  #killTimer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(worker: RunningWorker, sink: CallSink, signal: AbortSignal, carrier: Carrier) {
    this.#worker = worker;
    this.#sink = sink;
    this.#signal = signal;
    this.#carrier = carrier;
    this.#settle = Promise.withResolvers();
    this.answered = this.#settle.promise;
    this.outgoing = new Outgoing(worker.stream);
  }

  begin(call: WorkerCall, rows: Rows): void {
    this.#signal.addEventListener("abort", this.#onAbort, { once: true });
    this.outgoing.send(call, rows)?.catch((error: unknown) => this.cancel(error));
  }

  /** @throws BrokenFrames, SyntaxError or ZodError when it is no part of an answer */
  take({ kind, payload }: Frame): void | Promise<void> {
    if (kind === FrameKind.table) return this.#give(() => this.#sink.table(payload));
    const json: unknown = JSON.parse(payload.toString());
    if (kind === FrameKind.event) {
      const event = WorkerEvent.parse(json);
      return this.#give(() => this.#sink.event(event));
    }
    if (kind === FrameKind.done) {
      const done = WorkerDone.parse(json);
      if (!this.#conclude(false)) this.#settle.resolve(done);
    } else if (kind === FrameKind.error) {
      const error = WorkerError.parse(json);
      if (!this.#conclude(error.type === "Cancelled")) this.#settle.reject(new WorkerFailed(error));
    } else throw new BrokenFrames("a worker sent a frame that only the bridge sends");
  }

  /** Stops the work: by an interrupt, after a second by the worker's end. `answered` then rejects with `reason`. */
  cancel(reason: unknown): void {
    if (this.#isOver || this.#cancelled) return;
    this.#cancelled = { reason };
    this.outgoing.giveUp();
    this.#worker.interrupt();
    this.#killTimer = setTimeout(() => {
      this.isSpoiled = true;
      void this.#worker.kill();
    }, CANCEL_MS);
    this.#carrier.release();
  }

  /** The worker is gone. */
  lose(error: Error): void {
    const how = this.outgoing.isUnsent ? new NeverReached("it ended before the call reached it", this.#worker.tail()) : error;
    if (!this.#conclude(true)) this.#settle.reject(how);
  }

  /** What the receiver throws stops the work; after a cancel it is told nothing more. */
  #give(step: () => void | Promise<void>): void | Promise<void> {
    if (this.#cancelled) return;
    try {
      return step()?.catch((error: unknown) => this.cancel(error));
    } catch (error) {
      this.cancel(error);
    }
  }

  /** Ends the exchange. True when it was cancelled, which is then what the caller is told. */
  #conclude(isOrderly: boolean): boolean {
    this.#isOver = true;
    clearTimeout(this.#killTimer);
    this.#signal.removeEventListener("abort", this.#onAbort);
    this.outgoing.giveUp();
    this.#carrier.over();
    if (!this.#cancelled) return false;
    this.isSpoiled ||= !isOrderly;
    this.#settle.reject(this.#cancelled.reason);
    return true;
  }
}
