import { setTimeout as sleep } from "node:timers/promises";
import type { Rows } from "#contract/call.ts";
import { WorkerLost } from "#contract/errors.ts";
import { BrokenFrames, type Frame, FrameKind, FrameReader } from "#contract/frames.ts";
import { type WorkerCall, type WorkerDone, WorkerError, WorkerReady } from "#contract/worker.ts";
import type { Permits, RunningWorker } from "../environments/environment.ts";
import { type CallSink, Exchange } from "./exchange.ts";
import { NeverReached, WorkerFailed } from "./failures.ts";
import { areSmall } from "./outgoing.ts";

export type { CallSink } from "./exchange.ts";
export { WorkerFailed } from "./failures.ts";

/** How long after its connection closed a worker may take to end. */
const LEAVE_MS = 1000;

/** The bridge's end of one worker's stream: it computes one call at a time, and small ones may be sent ahead (runtimes/PROTOCOL.md). */
export class WorkerLink {
  readonly worker: RunningWorker;
  /** Resolves with the worker's first words; rejects with WorkerFailed (its code cannot be imported) or WorkerLost. */
  readonly ready: Promise<WorkerReady>;
  readonly #reader = new FrameReader();
  readonly #greeting = Promise.withResolvers<WorkerReady>();
  #isGreeted = false;
  /** In the order in which they were sent: the worker computes the first. */
  readonly #exchanges: Exchange[] = [];
  #permits: Permits | undefined;
  /** Frames that came while the receiver holds the answer back; absent while it does not. */
  #held: Frame[] | undefined;
  #isPressed = false;
  #lost: Error | undefined;
  #isSpoiled = false;
  #isSpent = false;

  constructor(worker: RunningWorker) {
    this.worker = worker;
    this.ready = this.#greeting.promise;
    this.ready.catch(() => {}); // whoever starts the worker looks; a worker that ended unseen is no fault
    worker.stream.on("data", (chunk: Buffer) => this.#guard(() => this.#take(this.#reader.push(chunk))));
    worker.stream.on("drain", () => {
      for (const { outgoing } of this.#exchanges) outgoing.drained();
    });
    worker.stream.on("error", () => {}); // `close` follows
    worker.stream.once("close", () => void this.#end());
    if (worker.stream.closed) void this.#end();
  }

  /** Whether it may not be used because of how it took a cancel. */
  get isSpoiled(): boolean {
    return this.#isSpoiled || this.#exchanges.some((each) => each.isSpoiled);
  }

  /** Whether its last call left things so that it may get no further one. */
  get isSpent(): boolean {
    return this.#isSpent;
  }

  /** Whether another call may be sent: it is alive, in step, and no late interrupt can hit the next call. */
  get isUsable(): boolean {
    return this.#lost === undefined && !this.#isSpoiled && !this.#isSpent && !this.worker.stream.destroyed;
  }

  /** Whether a call with small rows may be sent although the worker has others. */
  get mayFollow(): boolean {
    return this.#permits !== undefined && this.isUsable && this.#exchanges.every((each) => each.mayBeFollowed);
  }

  /**
   * Sends one call and its rows, and resolves when the worker has answered; rows and answer may flow at once.
   * When the rest of the rows is not wanted, their iterator's `return` is called.
   *
   * @param signal its reason, a BridgeError, is thrown after the work was stopped: by an interrupt, after 1 s by the worker's end
   * @throws WorkerFailed, WorkerLost (NeverReached when another worker may have the call), TakenBack (so may it, then), the
   * signal's reason, what the rows or the sink throw (the work is stopped first)
   */
  async call(call: WorkerCall, rows: Rows, sink: CallSink, signal: AbortSignal): Promise<WorkerDone> {
    signal.throwIfAborted();
    if (!this.isUsable) throw new NeverReached("it ended before the call reached it", this.worker.tail());
    // Those that were taken back are refused before it is read.
    const isAhead = this.#exchanges.some((each) => !each.isTakenBack);
    if (isAhead && !(this.mayFollow && areSmall(rows))) throw new Error("a worker has one call at a time");
    const exchange: Exchange = new Exchange(this.worker, sink, signal, isAhead, {
      stop: () => this.#stop(exchange),
      over: () => this.#over(),
    });
    if (isAhead) this.#permits?.give(); // before it is one that an answer is expected to
    this.#exchanges.push(exchange);
    if (isAhead) this.#gather();
    exchange.begin(call, rows);
    try {
      return await exchange.answered;
    } finally {
      this.#isSpoiled ||= exchange.isSpoiled;
      this.#isSpent ||= exchange.isSpent;
    }
  }

  /**
   * Takes back what was sent ahead and has not begun: these calls reject with TakenBack, the last first. Gives how many the
   * worker has begun behind the one whose answer comes next.
   */
  takeBack(): number {
    const ahead = this.#exchanges.filter((each) => each.isAhead && !each.isTakenBack);
    if (ahead.length === 0) return 0;
    const begun = ahead.length - (this.#permits?.takeBack(ahead.length) ?? 0);
    for (const each of ahead.splice(begun).reverse()) each.takeBack();
    const behind = ahead.filter((each) => each !== this.#exchanges[0]).length;
    if (behind > 0) this.#press();
    return behind;
  }

  /** A later call has begun, so that the answer in front is whole: its receiver holds up the others no longer. */
  #press(): void {
    this.#isPressed = true;
    this.#release();
  }

  /** What is sent ahead in one turn goes out in one write: the worker has enough to do until then. */
  #gather(): void {
    const { stream } = this.worker;
    if (stream.writableCorked > 0) return;
    stream.cork();
    process.nextTick(() => stream.uncork());
  }

  /** Interrupts the worker if it computes just this: where a later call has begun, this one has ended, and its answer is on its way. */
  #stop(exchange: Exchange): void {
    const begun = this.takeBack();
    if (exchange !== this.#exchanges[0] || exchange.isTakenBack) return;
    if (begun === 0) exchange.interrupt();
    this.#release(); // whoever holds the answer back is not waited for any more
  }

  #over(): void {
    this.#exchanges.shift();
    this.#isPressed = false;
    const [next] = this.#exchanges;
    // Its answer may have come already, with the one before.
    if (next?.isCancelled && !next.isTakenBack) setImmediate(() => this.#stop(next));
  }

  #take(frames: readonly Frame[]): void {
    for (const [index, frame] of frames.entries()) {
      const taken = this.#deliver(frame);
      if (!taken || this.#isPressed) continue;
      const held = frames.slice(index + 1);
      this.#held = held;
      this.worker.stream.pause();
      void taken.then(() => {
        if (this.#held === held) this.#release();
      });
      return;
    }
  }

  #deliver(frame: Frame): void | Promise<void> {
    if (!this.#isGreeted) return this.#greet(frame);
    const [exchange] = this.#exchanges;
    if (exchange) return exchange.take(frame);
    // A thread of the user's code may still print after its call.
    if (frame.kind !== FrameKind.event) throw new BrokenFrames("a worker answered without being asked");
  }

  #greet({ kind, payload }: Frame): void {
    const json: unknown = JSON.parse(payload.toString());
    if (kind === FrameKind.event) {
      const ready = WorkerReady.safeParse(json);
      if (!ready.success) return; // what the code prints while it is imported
      this.#isGreeted = true;
      if (ready.data.ahead) this.#permits = this.worker.openPermits();
      this.#greeting.resolve(ready.data);
    } else if (kind === FrameKind.error) {
      this.#isGreeted = true;
      this.#greeting.reject(new WorkerFailed(WorkerError.parse(json)));
    } else throw new BrokenFrames("the first frame of a worker is neither ready nor an error");
  }

  /** Goes on reading, beginning with what was held back. */
  #release(): void {
    const held = this.#held;
    if (!held) return;
    this.#held = undefined;
    this.#guard(() => this.#take(held));
    if (!this.#held) this.worker.stream.resume();
  }

  #guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#fail(new WorkerLost(`what it sent could not be understood (${String(error)})`, this.worker.tail()));
      void this.worker.kill();
    }
  }

  async #end(): Promise<void> {
    let how = await Promise.race([this.worker.ended, sleep(LEAVE_MS, undefined, { ref: false })]);
    if (how === undefined) {
      how = "it closed its connection";
      await this.worker.kill();
    }
    this.#fail(new WorkerLost(how, this.worker.tail()));
  }

  #fail(error: Error): void {
    this.#lost ??= error;
    this.#greeting.reject(this.#lost);
    this.takeBack();
    this.#permits?.[Symbol.dispose]();
    this.#permits = undefined;
    for (const exchange of this.#exchanges.splice(0)) exchange.lose(this.#lost);
  }
}
