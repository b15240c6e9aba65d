import { encodeFrame, FrameKind } from "#contract/frames.ts";
import type { WorkerSpec } from "../../../runtimes/runtime.ts";
import type { RunningWorker } from "../environment.ts";
import { isLiving } from "./living.ts";

/** So long nobody must have asked for a worker before a spare is started: its start takes time of those that others wait for. */
const QUIET_MS = 30;
/** A spare that lived so long was well, and somebody else ended it. */
const WELL_MS = 10_000;
/** Those that cannot live follow each other more and more slowly, down to this. */
const SLOWEST_MS = 60_000;

/**
 * Workers that have connected and wait to be told what they are to be, so that a start takes one write. One for each way to
 * start them, from the first worker of that way on; another when it ends.
 */
export class Spares {
  readonly #start: (spec: WorkerSpec) => Promise<RunningWorker | undefined>;
  readonly #ready = new Map<string, RunningWorker>();
  readonly #coming = new Map<string, NodeJS.Timeout>();
  #isClosed = false;

  /** @param start undefined: a spare would cost more than it is worth */
  constructor(start: (spec: WorkerSpec) => Promise<RunningWorker | undefined>) {
    this.#start = start;
  }

  /** The spare, told what it is; undefined when there is none. Either way there will be one again. */
  take({ spare, ...spec }: WorkerSpec): RunningWorker | undefined {
    if (!spare || this.#isClosed) return undefined;
    const of = { label: "spare", command: spare.command, env: spec.env, folder: spec.folder, ...(spec.warm && { warm: spec.warm }) };
    const key = JSON.stringify(of);
    const worker = this.#ready.get(key);
    this.#ready.delete(key);
    this.#wait(key, of);
    // Its end may not have been told yet. One that is killed in this very moment is a worker that was lost while it started.
    if (!worker) return undefined;
    if (worker.stream.destroyed || !isLiving(worker.pid)) {
      void worker.kill();
      return undefined;
    }
    worker.stream.write(encodeFrame(FrameKind.become, JSON.stringify({ arguments: spare.told })));
    return worker;
  }

  /** No more are started. Those that wait are ended by whoever started them. */
  close(): void {
    this.#isClosed = true;
    for (const timer of this.#coming.values()) clearTimeout(timer);
  }

  /** @param failed how many could not live since one did */
  #wait(key: string, of: WorkerSpec, failed = 0): void {
    clearTimeout(this.#coming.get(key));
    const again = (isWell: boolean) => {
      if (!this.#isClosed) this.#wait(key, of, isWell ? 0 : failed + 1);
    };
    // Twice at once, since all workers may have been killed while the first was about to be one.
    const pause = Math.min(SLOWEST_MS, QUIET_MS * 2 ** Math.max(0, failed - 1));
    const timer = setTimeout(() => {
      this.#start(of).then(
        (worker) => {
          if (!worker) return again(false);
          // Asked for again meanwhile, there may be another.
          if (this.#isClosed || this.#ready.has(key)) return void worker.kill();
          this.#ready.set(key, worker);
          const since = performance.now();
          void worker.ended.then(() => {
            if (this.#ready.get(key) !== worker) return;
            this.#ready.delete(key);
            again(performance.now() - since > WELL_MS);
          });
        },
        () => again(false),
      );
    }, pause);
    this.#coming.set(key, timer.unref());
  }
}
