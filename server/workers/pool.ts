import type { Rows } from "#contract/call.ts";
import type { Clock, Log } from "#contract/edges.ts";
import { BridgeError, Cancelled, DeadlinePassed, QueueFull, Stopping, WorkerLost } from "#contract/errors.ts";
import type { WorkerCall, WorkerDone, WorkerReady } from "#contract/worker.ts";
import type { CallSink, WorkerLink } from "./call.ts";
import { Checks, type CheckTiming } from "./checks.ts";
import { NeverReached } from "./failures.ts";
import { Pace } from "./pace.ts";
import type { Seat } from "./seat.ts";
import { Seats } from "./seats.ts";
import { type Purpose, type Slots, slotsFor } from "./slots.ts";
import type { PoolTarget } from "./target.ts";
import { Turns } from "./turns.ts";

const purposes = ["apply", "plain", "fit"] as const;
/** What setTimeout can hold, in milliseconds: 24 days. */
const LONGEST_TIMER = 2 ** 31 - 1;
/** How many workers a call may find dead: several that were idle may have been killed at once. */
const MOST_TRIES = 5;

export interface PoolCall extends PoolTarget {
  /** A fit never shares a process with applies. */
  readonly purpose: Purpose;
  readonly call: WorkerCall;
  readonly input: Rows;
  readonly sink: CallSink;
  /** Fires when the caller went away. */
  readonly signal: AbortSignal;
  /** From now on; `limit` names what to raise. */
  readonly deadline: { readonly seconds: number; readonly limit: string };
}

export interface Answered {
  readonly done: WorkerDone;
  readonly queuedSeconds: number;
  /** Whether the call waited for a worker of its own to start. */
  readonly startedWorker: boolean;
}

export interface PoolSnapshot {
  readonly queues: readonly { readonly algorithm: string; readonly waiting: number; readonly running: number }[];
  readonly workers: readonly { readonly key: string; readonly purpose: Purpose; readonly pid: number; readonly isBusy: boolean }[];
  /** How many workers ended unasked, or were ended, by reason. */
  readonly restarts: Readonly<Record<string, number>>;
}

/** Leases workers to calls: a bounded queue an algorithm, fair turns between algorithms, deadlines, cancels. */
export interface Pool extends AsyncDisposable {
  /** @throws QueueFull, Cancelled, DeadlinePassed, Stopping, WorkerLost, WorkerFailed, what the input throws */
  call(request: PoolCall): Promise<Answered>;
  /**
   * Starts a worker and imports its code; it stays for applies. At most two at once, and slow ones besides (checks.ts).
   *
   * @param signal ends the import; its reason is thrown
   * @throws WorkerFailed of phase `import`, WorkerLost, DeadlinePassed after a minute
   */
  check(target: PoolTarget, signal?: AbortSignal): Promise<WorkerReady>;
  /** Workers of this algorithm with another key end as soon as their calls did. */
  retire(algorithm: string, except: string): void;
  /** New calls are refused; resolves when those under way have ended, which are stopped after `seconds`. */
  drain(seconds: number): Promise<void>;
  snapshot(): PoolSnapshot;
}

export interface PoolOptions {
  /** Calls that may wait for one algorithm. */
  readonly queueLimit: number;
  /** Beyond this much memory of all workers the longest idle one is stopped. */
  readonly memoryBytes: number;
  readonly slots?: Slots;
  /** Idle workers end after this long. Default ten minutes. */
  readonly idleSeconds?: number;
  readonly checks?: CheckTiming;
  /** Told of each worker that had to be replaced, for metrics. */
  readonly onRestart?: (reason: string) => void;
  readonly clock: Clock;
  readonly log: Log;
}

interface Entry {
  readonly request: PoolCall;
  readonly since: number;
  readonly abort: AbortController;
  readonly answered: PromiseWithResolvers<Answered>;
  /** Its first worker was gone before the call reached it. */
  tries: number;
}

export function startPool({
  queueLimit,
  memoryBytes,
  slots = slotsFor(),
  idleSeconds = 600,
  checks: checkTiming,
  clock,
  log,
  onRestart,
}: PoolOptions): Pool {
  const turns = new Turns<Entry>();
  const running = new Set<Entry>();
  const seats = new Seats({ slots, memoryBytes, idleSeconds, clock, log, onRestart, onFree: () => queueMicrotask(dispatch) });
  const checks = new Checks(seats, checkTiming);
  const pace = new Pace();
  let isStopping = false;

  return {
    async call(request) {
      if (isStopping) throw new Stopping();
      if (request.signal.aborted) throw new Cancelled();
      const { algorithm, purpose, deadline, signal } = request;
      const waiting = turns.count(algorithm);
      if (waiting >= queueLimit)
        throw new QueueFull(
          algorithm,
          waiting,
          pace.secondsFor(`${purpose} ${algorithm}`, waiting, purpose === "apply" ? slots.perKey : 1),
        );
      const entry: Entry = {
        request,
        since: clock.ticks(),
        abort: new AbortController(),
        answered: Promise.withResolvers(),
        tries: 1,
      };
      const leave = (reason: Error) => {
        entry.abort.abort(reason);
        if (turns.remove(algorithm, purpose, entry)) entry.answered.reject(reason);
      };
      const onGone = () => leave(signal.reason instanceof BridgeError ? signal.reason : new Cancelled());
      signal.addEventListener("abort", onGone, { once: true });
      const timer = setTimeout(
        () => leave(new DeadlinePassed(deadline.seconds, deadline.limit)),
        Math.min(deadline.seconds * 1000, LONGEST_TIMER),
      );
      turns.add(algorithm, purpose, entry);
      dispatch();
      try {
        return await entry.answered.promise;
      } finally {
        clearTimeout(timer);
        signal.removeEventListener("abort", onGone);
      }
    },

    check: (target, signal) => checks.run(target, signal),

    retire: (algorithm, except) => seats.retire(algorithm, except),

    async drain(seconds) {
      isStopping = true;
      checks.close();
      // Those that wait were accepted: they finish, too.
      const accepted = [...running, ...turns.all()];
      const ended = Promise.allSettled(accepted.map((entry) => entry.answered.promise));
      const late = Promise.withResolvers<void>();
      const timer = setTimeout(late.resolve, seconds * 1000);
      await Promise.race([ended, late.promise]);
      clearTimeout(timer);
      for (const entry of turns.clear()) entry.answered.reject(new Stopping());
      for (const entry of running) entry.abort.abort(new Stopping());
      await ended;
    },

    snapshot() {
      const counts = new Map([...turns.counts()].map(([algorithm, waiting]) => [algorithm, { algorithm, waiting, running: 0 }]));
      for (const { request } of running) {
        const { algorithm } = request;
        const count = counts.get(algorithm) ?? { algorithm, waiting: 0, running: 0 };
        counts.set(algorithm, { ...count, running: count.running + 1 });
      }
      return { queues: [...counts.values()], ...seats.snapshot() };
    },

    async [Symbol.asyncDispose]() {
      await this.drain(0);
      await seats[Symbol.asyncDispose]();
    },
  };

  /** Gives free slots to those whose turn it is, as long as there are both. */
  function dispatch(): void {
    for (const purpose of purposes) {
      while (seats.hasSlot(purpose)) {
        const entry = turns.next(purpose, ({ request }) => seats.canTake(request, purpose));
        if (!entry) break;
        running.add(entry);
        void run(entry, seats.take(entry.request, purpose));
      }
    }
  }

  async function run(entry: Entry, seat: Seat): Promise<void> {
    const { request, abort, answered } = entry;
    const startedWorker = seat.link === undefined;
    try {
      const link = seat.link ?? (await started(seat, abort.signal));
      const began = clock.ticks();
      const done = await link.call(request.call, request.input, request.sink, abort.signal);
      pace.add(`${request.purpose} ${request.algorithm}`, (clock.ticks() - began) / 1000);
      answered.resolve({ done, queuedSeconds: (began - entry.since) / 1000, startedWorker });
    } catch (error) {
      if (error instanceof NeverReached && entry.tries < MOST_TRIES && !abort.signal.aborted && !isStopping) {
        entry.tries++;
        turns.add(request.algorithm, request.purpose, entry, { isFirst: true });
      } else answered.reject(error);
    } finally {
      running.delete(entry);
      seats.give(seat);
    }
  }
}

async function started(seat: Seat, signal: AbortSignal): Promise<WorkerLink> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await Promise.race([seat.ready, aborted.promise]);
  } catch (error) {
    if (signal.aborted) seat.isRetired = true; // nobody waits for what it imports
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
  if (!seat.link) throw new WorkerLost("it ended while it was started", "");
  return seat.link;
}
