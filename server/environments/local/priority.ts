import { readdirSync, writeFileSync } from "node:fs";
import { getPriority, setPriority } from "node:os";
import type { LongWork } from "../environment.ts";

/** Workers compute below the bridge and its watcher, which keep their latency when all cores are busy. */
export const WORKER_NICE = 5;
/** Below that, so that others need not wait: five steps are a third of the share where both want all of a core. */
const LOWERED_NICE: Readonly<Record<LongWork, number>> = { "many rows": 10, fit: 15 };
/** How long Linux lets nobody without a privilege change a session's weight after anybody did: a tenth of a second, and some. */
const AGAIN_MS = 120;

/**
 * Lowers the leader of a session, with the threads that it has by now; later ones inherit it. It stays so: raising needs a
 * privilege. Where Linux weighs each session as one (autogroup), a process's priority means nothing to other sessions, so
 * the session's is lowered as well. (A worker that was forked has done that by itself.)
 */
export function lower(pid: number, nice: number): void {
  lowerThreads(pid, nice);
  if (process.platform === "linux") attempt(() => weigh(pid, nice));
}

function lowerThreads(pid: number, nice: number): void {
  const threads = attempt(() => readdirSync(`/proc/${pid}/task`).map(Number)) ?? [pid];
  // Never up: the bridge itself may have been started below that, and the worker with it.
  for (const thread of threads) attempt(() => getPriority(thread) < nice && setPriority(thread, nice));
}

/**
 * A worker's priority against others, given until it is taken: of two workers that start at once, or one that starts while
 * another becomes a fit's, only one may have lowered its session.
 */
export class WorkerPriority implements Disposable {
  readonly #pid: number;
  readonly #give: (leader: number, nice: number) => void;
  /** What its session's should be, while it is not known to be so. */
  #wanted: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #nice = WORKER_NICE;
  #isOver = false;

  /** @param give gives a session its priority; an Error of code EAGAIN means that it may be given a moment later */
  constructor(pid: number, give = weigh) {
    this.#pid = pid;
    this.#give = give;
    this.#weigh(this.#nice);
  }

  /** It does such work; whatever it does from now on is below others, since raising it again needs a privilege. */
  lower(work: LongWork): void {
    const nice = LOWERED_NICE[work];
    if (this.#isOver || nice <= this.#nice) return;
    this.#nice = nice;
    lowerThreads(this.#pid, nice);
    this.#weigh(nice);
  }

  /** It has ended, and its id may be another's. */
  [Symbol.dispose](): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  #weigh(nice: number): void {
    if (process.platform !== "linux") return;
    // As its threads: never up.
    this.#wanted = Math.max(nice, attempt(() => getPriority(this.#pid)) ?? nice);
    this.#timer ??= this.#try();
  }

  /** Gives the timer of the next attempt, if there has to be one. */
  #try(): NodeJS.Timeout | undefined {
    const nice = this.#wanted;
    if (nice === undefined) return undefined;
    try {
      this.#give(this.#pid, nice);
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "EAGAIN") {
        return setTimeout(() => {
          this.#timer = this.#try();
        }, AGAIN_MS).unref();
      }
    }
    this.#wanted = undefined;
    return undefined;
  }
}

function weigh(leader: number, nice: number): void {
  writeFileSync(`/proc/${leader}/autogroup`, String(nice));
}

/** Undefined when it cannot be done: the process ended already, or the system knows nothing of the kind. */
function attempt<T>(step: () => T): T | undefined {
  try {
    return step();
  } catch {
    return undefined;
  }
}
