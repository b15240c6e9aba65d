import type { Rows } from "#contract/call.ts";
import { BrokenFrames, type Frame, FrameKind } from "#contract/frames.ts";
import { type WorkerCall, WorkerDone, WorkerError, WorkerEvent } from "#contract/worker.ts";
import type { RunningWorker } from "../environments/environment.ts";
import { NeverReached, TakenBack, WorkerFailed } from "./failures.ts";
import { areSmall, Outgoing } from "./outgoing.ts";

/** How long code under way may take to notice that it was interrupted. */
const CANCEL_MS = 1000;

/** Where a worker's answer goes. A promise that `table` returns is back-pressure: nothing more is read until it resolves. */
export interface CallSink {
  event(event: WorkerEvent): void;
  table(bytes: Buffer): void | Promise<void>;
}

/** What the link does for the exchange that it carries. */
export interface Carrier {
  /** The call was given up: its work is to be interrupted, if and when the worker does it. */
  stop(): void;
  /** The answer is complete, or none will come. */
  over(): void;
}

/** One call and its answer, from the first byte to the last. */
export class Exchange {
  readonly answered: Promise<WorkerDone>;
  readonly outgoing: Outgoing;
  /** It was sent before another was answered, and needs a permit to begin. */
  readonly isAhead: boolean;
  /** The worker did not stop, or answered something else when it was interrupted, which then may hit what it does next. */
  isSpoiled = false;
  /** The worker said that it is good for no further call. */
  isSpent = false;
  readonly #worker: RunningWorker;
  readonly #sink: CallSink;
  readonly #signal: AbortSignal;
  readonly #carrier: Carrier;
  readonly #settle: PromiseWithResolvers<WorkerDone>;
  readonly #onAbort = () => this.cancel(this.#signal.reason);
  #cancelled: { readonly reason: unknown } | undefined;
  #killTimer: NodeJS.Timeout | undefined;
  #isSmall = false;
  #isTakenBack = false;
  #isOver = false;

  constructor(worker: RunningWorker, sink: CallSink, signal: AbortSignal, isAhead: boolean, carrier: Carrier) {
    this.isAhead = isAhead;
    this.#worker = worker;
    this.#sink = sink;
    this.#signal = signal;
    this.#carrier = carrier;
    this.#settle = Promise.withResolvers();
    this.answered = this.#settle.promise;
    this.outgoing = new Outgoing(worker.stream);
  }

  /** Whether calls may follow it before it is answered: they are taken back before it is interrupted. */
  get mayBeFollowed(): boolean {
    return this.#isSmall && !this.#cancelled && !this.#isTakenBack;
  }

  get isCancelled(): boolean {
    return this.#cancelled !== undefined;
  }

  /** The worker will not begin it, and says so when it comes to it. */
  get isTakenBack(): boolean {
    return this.#isTakenBack;
  }

  begin(call: WorkerCall, rows: Rows): void {
    this.#isSmall = areSmall(rows);
    this.#signal.addEventListener("abort", this.#onAbort, { once: true });
    this.outgoing.send(call, rows, this.isAhead)?.catch((error: unknown) => this.cancel(error));
  }

  /** @throws BrokenFrames, SyntaxError or ZodError when it is no part of an answer */
  take({ kind, payload }: Frame): void | Promise<void> {
    if (this.#isTakenBack) return this.#takeRefusal(kind, payload);
    if (kind === FrameKind.table) return this.#give(() => this.#sink.table(payload));
    const json: unknown = JSON.parse(payload.toString());
    if (kind === FrameKind.event) {
      const event = WorkerEvent.parse(json);
      return this.#give(() => this.#sink.event(event));
    }
    if (kind === FrameKind.done) {
      const done = WorkerDone.parse(json);
      this.isSpent = done.spent ?? false;
      if (!this.#conclude(false)) this.#settle.resolve(done);
    } else if (kind === FrameKind.error) {
      const error = WorkerError.parse(json);
      this.isSpent = error.spent ?? false;
      if (!this.#conclude(error.type === "Cancelled")) this.#settle.reject(new WorkerFailed(error));
    } else throw new BrokenFrames("a worker sent a frame that only the bridge sends");
  }

  /** Stops the work. `answered` rejects with `reason` when the worker has stopped. */
  cancel(reason: unknown): void {
    if (this.#isOver || this.#cancelled) return;
    this.#cancelled = { reason };
    this.outgoing.giveUp();
    this.#carrier.stop();
  }

  /** The permit to begin it is not the worker's any more. */
  takeBack(): void {
    this.#isTakenBack = true;
    this.#signal.removeEventListener("abort", this.#onAbort);
    this.#settle.reject(this.#cancelled ? this.#cancelled.reason : new TakenBack());
  }

  /** Stops the work that was given up: by an interrupt, after a second by the worker's end. */
  interrupt(): void {
    if (this.#isOver || this.#killTimer) return;
    this.#worker.interrupt();
    this.#killTimer = setTimeout(() => {
      this.isSpoiled = true;
      void this.#worker.kill();
    }, CANCEL_MS);
  }

  /** The worker is gone. */
  lose(error: Error): void {
    if (this.#isTakenBack) return;
    // Several that are sent ahead share a write, which fails for all: those that had not begun were taken back before.
    const how =
      this.outgoing.isUnsent && !this.isAhead ? new NeverReached("it ended before the call reached it", this.#worker.tail()) : error;
    if (!this.#conclude(true)) this.#settle.reject(how);
  }

  #takeRefusal(kind: FrameKind, payload: Buffer): void {
    if (kind === FrameKind.event) return; // what a thread of the last call's code prints
    if (kind !== FrameKind.error || WorkerError.parse(JSON.parse(payload.toString())).type !== TakenBack.name)
      throw new BrokenFrames("a worker answered a call that was taken back");
    this.#carrier.over();
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
    this.isSpoiled ||= !isOrderly && this.#killTimer !== undefined;
    this.#settle.reject(this.#cancelled.reason);
    return true;
  }
}
