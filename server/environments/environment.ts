import type { Duplex } from "node:stream";
import type { WorkerSpec } from "../../runtimes/runtime.ts";

/** A place where workers run. It starts what a runtime describes and knows nothing of languages. */
export interface Environment extends AsyncDisposable {
  readonly name: string;
  /** Names in old searches that mean this one too, such as "Docker". Compared ignoring case. */
  readonly aliases: readonly string[];
  /**
   * Resolves when the worker has connected; what it says first (ready, or a failed import) is a frame on `stream`.
   * @throws WorkerLost when it ends before that.
   */
  start(spec: WorkerSpec): Promise<RunningWorker>;
  /** Gets what would be slow at the first start (warm processes) ready. Never throws; `start` tells what is wrong. */
  prepare(spec: WorkerSpec): Promise<void>;
}

/**
 * What a worker must have before it begins a call that was sent ahead of the answer to another: one permit for each. Bridge
 * and worker take them from one place, so that a call is either begun or taken back, never both.
 */
export interface Permits extends Disposable {
  /** One more call may be begun. */
  give(): void;
  /** Takes back up to so many that the worker has not taken, and gives how many these were. */
  takeBack(most: number): number;
}

/** What goes on for long while others, for whom somebody waits, have shorter work. */
export type LongWork = "many rows" | "fit";

/** What a worker's process does. */
export interface Activity {
  /** Its main thread computes now, or would if it got the processor. */
  readonly isBusy: boolean;
  /** What all its threads took of the processor so far, in ms. */
  readonly processorMs: number;
}

export interface RunningWorker {
  readonly pid: number;
  /** Frames both ways (runtimes/PROTOCOL.md). */
  readonly stream: Duplex;
  /** Makes the code under way stop at its next statement (SIGINT for local processes). */
  interrupt(): void;
  /** It does such work: from now on it computes below workers that do not, and for fits below all. */
  lower(work: LongWork): void;
  /** Ends the worker and every process that it started; resolves when they are gone. May be called twice. */
  kill(): Promise<void>;
  /** Memory of its own (not shared with the warm process), in bytes; 0 when it is gone. @param isRough a guess by what was measured last */
  memory(isRough?: boolean): Promise<number>;
  /** What it does; undefined where the system does not say, or when it is gone. */
  activity(): Activity | undefined;
  /** Opens the permits of a worker that has said that it takes some, for one owner; undefined where calls cannot be sent ahead. */
  openPermits(): Permits | undefined;
  /** The last lines that it wrote outside the protocol: what is shown when it is lost. */
  tail(): string;
  /** Resolves when it ended, with a sentence's end such as "it was killed by SIGSEGV" or "it exited with code 3". */
  readonly ended: Promise<string>;
}
