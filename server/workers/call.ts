import type { Rows } from "#contract/call.ts";
import { BridgeError, WorkerLost } from "#contract/errors.ts";
import { BrokenFrames, encodeFrame, type Frame, FrameKind, FrameReader, frameHeader } from "#contract/frames.ts";
import { type WorkerCall, WorkerDone, WorkerError, WorkerEvent, WorkerReady } from "#contract/worker.ts";
import type { RunningWorker } from "../environments/environment.ts";

/** Rows go to a worker in frames of at most this many bytes. */
const FRAME_BYTES = 2 ** 20;
/** How long code under way may take to notice that it was interrupted. */
const CANCEL_MS = 1000;

/** Where a worker's answer goes. A promise that `table` returns is back-pressure: nothing more is read until it resolves. */
export interface CallSink {
  event(event: WorkerEvent): void;
  table(bytes: Buffer): void | Promise<void>;
}

/** The worker answered with an error frame: what the call's rows or the notebook's code did. */
export class WorkerFailed extends Error {
  override readonly name = "WorkerFailed";
  readonly error: WorkerError;

  constructor(error: WorkerError) {
    super(`${error.phase}: ${error.type}: ${error.message}`);
    this.error = error;
  }
}

interface Pending {
  frame(frame: Frame): void;
  lost(error: Error): void;
}

/** The bridge's end of one worker's stream: one call at a time, frames out, frames in (runtimes/PROTOCOL.md). */
export class WorkerLink {
  readonly worker: RunningWorker;
  /** Resolves with the worker's first words; rejects with WorkerFailed (its code cannot be imported) or WorkerLost. */
  readonly ready: Promise<WorkerReady>;
  readonly #reader = new FrameReader();
  #pending: Pending | undefined;
  #lost: Error | undefined;
  #spoiled = false;

  constructor(worker: RunningWorker) {
    this.worker = worker;
    const { promise, resolve, reject } = Promise.withResolvers<WorkerReady>();
    this.ready = promise;
    promise.catch(() => {}); // whoever starts the worker looks; a worker that ended unseen is no fault
    this.#pending = {
      frame: ({ kind, payload }) => {
        this.#pending = undefined;
        if (kind === FrameKind.event) resolve(WorkerReady.parse(JSON.parse(payload.toString())));
        else if (kind === FrameKind.error) reject(new WorkerFailed(WorkerError.parse(JSON.parse(payload.toString()))));
        else throw new BrokenFrames("the first frame of a worker is neither ready nor an error");
      },
      lost: reject,
    };
    worker.stream.on("data", (chunk: Buffer) => this.#take(chunk));
    worker.stream.on("error", () => {}); // `close` follows
    worker.stream.once("close", () => void this.#end());
  }

  /** Whether another call may be sent: it is alive, in step, and no late interrupt can hit the next call. */
  get isUsable(): boolean {
    return this.#lost === undefined && !this.#spoiled && !this.worker.stream.destroyed;
  }

  /**
   * Sends one call and its rows, and resolves when the worker has answered; rows and answer may flow at once.
   *
   * @param signal its reason, a BridgeError, is thrown after the work was stopped: by an interrupt, after 1 s by the worker's end
   * @throws WorkerFailed, WorkerLost, the signal's reason, what the rows throw (the work is stopped first)
   */
  async call(call: WorkerCall, rows: Rows, sink: CallSink, signal: AbortSignal): Promise<WorkerDone> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<WorkerDone>();
    let isAnswered = false;
    this.#pending = {
      frame: (frame) => {
        if (frame.kind === FrameKind.table) return this.#holdWhile(sink.table(frame.payload));
        const json: unknown = JSON.parse(frame.payload.toString());
        if (frame.kind === FrameKind.event) return sink.event(WorkerEvent.parse(json));
        if (frame.kind !== FrameKind.done && frame.kind !== FrameKind.error)
          throw new BrokenFrames("a worker sent a frame that only the bridge sends");
        isAnswered = true;
        this.#pending = undefined;
        if (frame.kind === FrameKind.done) resolve(WorkerDone.parse(json));
        else reject(new WorkerFailed(WorkerError.parse(json)));
      },
      lost: reject,
    };

    let cancelled: unknown;
    let killTimer: NodeJS.Timeout | undefined;
    const stop = Promise.withResolvers<void>();
    const cancel = (reason: unknown) => {
      if (isAnswered || cancelled !== undefined) return;
      cancelled = reason;
      stop.resolve();
      this.worker.stream.write(encodeFrame(FrameKind.cancel));
      this.worker.interrupt();
      killTimer = setTimeout(() => void this.worker.kill(), CANCEL_MS);
    };
    const onAbort = () => cancel(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    const answered = promise.then(
      (done) => ({ done, error: undefined }),
      (error: unknown) => ({ done: undefined, error }),
    );
    void answered.then(() => stop.resolve());
    await this.#send(call, rows, stop.promise, () =>
      cancelled !== undefined ? "cancelled" : isAnswered || this.#lost ? "answered" : "open",
    ).catch(cancel);
    const { done, error } = await answered;
    signal.removeEventListener("abort", onAbort);
    clearTimeout(killTimer);
    if (cancelled !== undefined) {
      // Anything but `Cancelled` was on its way when the interrupt went out, which may then hit the next call.
      if (!(error instanceof WorkerFailed && error.error.type === "Cancelled")) this.#spoiled = true;
      throw cancelled;
    }
    if (done === undefined) throw error;
    return done;
  }

  async #send(call: WorkerCall, rows: Rows, stopped: Promise<void>, state: () => "open" | "answered" | "cancelled"): Promise<void> {
    const { stream } = this.worker;
    const head = encodeFrame(FrameKind.call, JSON.stringify(call));
    if (Buffer.isBuffer(rows)) {
      const table = rows.length > 0 ? encodeFrame(FrameKind.table, rows) : rows;
      stream.write(Buffer.concat([head, table, encodeFrame(FrameKind.end)]));
      return;
    }
    stream.write(head);
    const iterator = rows[Symbol.asyncIterator]();
    const over = stopped.then(() => ({ done: true as const, value: undefined }));
    for (;;) {
      const next = await Promise.race([iterator.next(), over]);
      if (state() !== "open") void iterator.return?.();
      if (next.done || state() !== "open") break;
      for (let at = 0; at < next.value.length; at += FRAME_BYTES) {
        const piece = next.value.subarray(at, at + FRAME_BYTES);
        stream.cork();
        stream.write(frameHeader(FrameKind.table, piece.length));
        const isFree = stream.write(piece);
        stream.uncork();
        if (!isFree) await Promise.race([drain(stream), stopped]);
      }
    }
    // The cancel frame ends the input, too; after an early answer the worker waits for the end all the same.
    if (state() !== "cancelled") stream.write(encodeFrame(FrameKind.end));
  }

  #take(chunk: Buffer): void {
    try {
      for (const frame of this.#reader.push(chunk)) {
        if (!this.#pending) throw new BrokenFrames("a worker spoke outside of a call");
        this.#pending.frame(frame);
      }
    } catch (error) {
      this.#fail(
        error instanceof BridgeError
          ? error
          : new WorkerLost(`what it sent could not be understood (${String(error)})`, this.worker.tail()),
      );
      void this.worker.kill();
    }
  }

  #holdWhile(taken: void | Promise<void>): void {
    if (!taken) return;
    const { stream } = this.worker;
    stream.pause();
    taken
      .finally(() => stream.resume())
      .catch((error: unknown) => {
        this.#fail(error instanceof Error ? error : new Error(String(error)));
        void this.worker.kill();
      });
  }

  async #end(): Promise<void> {
    const how = await this.worker.ended;
    this.#fail(new WorkerLost(how, this.worker.tail()));
  }

  #fail(error: Error): void {
    this.#lost ??= error;
    this.#pending?.lost(this.#lost);
    this.#pending = undefined;
  }
}

function drain(stream: NodeJS.EventEmitter): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stream.off("drain", done).off("close", done);
      resolve();
    };
    stream.once("drain", done).once("close", done);
  });
}
