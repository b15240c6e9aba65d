import type { Clock, Log } from "#contract/edges.ts";
import { BridgeError, Cancelled, DeadlinePassed, QueueFull, Stopping, WorkerLost } from "#contract/errors.ts";
import type { WorkerReady } from "#contract/worker.ts";
import { Ahead } from "./ahead.ts";
import { Apart, LONG_MS } from "./apart.ts";
import { Checks, type CheckTiming } from "./checks.ts";
import { NeverReached, TakenBack } from "./failures.ts";
import { Growth } from "./growth.ts";
import { HeldUp } from "./held-up.ts";
import { areSmall } from "./outgoing.ts";
import { Pace } from "./pace.ts";
import type { Answered, PoolCall } from "./pool-call.ts";
import { type PoolSnapshot, queuesOf } from "./pool-snapshot.ts";
import type { WorkerModel } from "./recent-models.ts";
import type { Seat } from "./seat.ts";
import { Seats } from "./seats.ts";
import { Shares } from "./shares.ts";
import { type Purpose, type Slots, slotsFor } from "./slots.ts";
import type { PoolTarget } from "./target.ts";
import { Turns } from "./turns.ts";
import { type Given, UnderWay } from "./under-way.ts";
import { Warming } from "./warming.ts";

export type { Answered, PoolCall } from "./pool-call.ts";
export type { PoolSnapshot } from "./pool-snapshot.ts";

/** Of the calls that may wait for one algorithm, those of one caller: three quarters, so that others still get in. */
const CALLERS_SHARE = 0.75;
/** What setTimeout can hold, in milliseconds: 24 days. */
const LONGEST_TIMER = 2 ** 31 - 1;
/** Who has waited so long, in ms, leaves no worker to calls that are not there, and gets one of his own while others have all. */
const LONG_WAIT_MS = 1000;
/** How many workers a call may find dead: several that were idle may have been killed at once. */
const MOST_TRIES = 5;

/** Leases workers to calls: a bounded queue an algorithm, fair turns between callers, deadlines, cancels. */
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
  /**
   * Has a worker of this target with these models loaded before a call needs it: in the background, and only as long as
   * memory is plenty. Resolves when that was tried; what fails is logged. The first model matters most.
   */
  warm(target: PoolTarget, models: readonly WorkerModel[]): Promise<void>;
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

interface Entry extends Given {
  readonly request: PoolCall;
  readonly since: number;
  readonly abort: AbortController;
  readonly answered: PromiseWithResolvers<Answered>;
  /** Its first worker was gone before the call reached it. */
  tries: number;
  /** A worker was started for it though another is idle, which serves it if that one does not start. */
  hasOwn: boolean;
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
  const underWay = new UnderWay<Entry>();
  const shares = new Shares(slots, clock);
  const onFree = (purpose: Purpose) => {
    if (!turns.isEmpty(purpose)) queueMicrotask(() => dispatch(purpose));
  };
  const seats = new Seats({ slots, memoryBytes, idleSeconds, clock, log, onRestart, onFree });
  const checks = new Checks(seats, checkTiming);
  const warming = new Warming(seats, (key) => waitingFor(key) !== undefined, clock, log);
  const growth = new Growth({ before: look, waiting: waitingApplies, grow });
  const pace = new Pace();
  const ahead = new Ahead({ seats, underWay, shares, pace, clock });
  const apart = new Apart({ seats, underWay, growth, warming, clock, log });
  const heldUp = new HeldUp({ seats, shares, turns, clock, log });
  let isStopping = false;

  return {
    async call(request) {
      if (isStopping) throw new Stopping();
      if (request.signal.aborted) throw new Cancelled();
      refuseTooMany(request);
      const { deadline, signal } = request;
      const entry: Entry = {
        request,
        since: clock.ticks(),
        abort: new AbortController(),
        answered: Promise.withResolvers(),
        ...{ tries: 1, hasOwn: false, began: undefined },
      };
      const leave = (reason: Error) => {
        entry.abort.abort(reason);
        if (turns.remove(entry)) entry.answered.reject(reason);
      };
      const onGone = () => leave(signal.reason instanceof BridgeError ? signal.reason : new Cancelled());
      signal.addEventListener("abort", onGone, { once: true });
      const timer = setTimeout(
        () => leave(new DeadlinePassed(deadline.seconds, deadline.limit)),
        Math.min(deadline.seconds * 1000, LONGEST_TIMER),
      );
      admit(entry);
      try {
        return await entry.answered.promise;
      } finally {
        clearTimeout(timer);
        signal.removeEventListener("abort", onGone);
      }
    },

    check: (target, signal) => checks.run(target, signal),

    warm: (target, models) => warming.warm(target, models),

    retire(algorithm, except) {
      warming.retire(algorithm, except);
      seats.retire(algorithm, except);
    },

    async drain(seconds) {
      isStopping = true;
      checks.close();
      warming.close();
      // Those that wait were accepted: they finish, too.
      const accepted = [...underWay.all(), ...turns.all()];
      const ended = Promise.allSettled(accepted.map((entry) => entry.answered.promise));
      const late = Promise.withResolvers<void>();
      const timer = setTimeout(late.resolve, seconds * 1000);
      await Promise.race([ended, late.promise]);
      clearTimeout(timer);
      for (const entry of turns.clear()) entry.answered.reject(new Stopping());
      for (const entry of [...underWay.all()]) entry.abort.abort(new Stopping());
      await ended;
      growth.close();
      heldUp.close();
    },

    snapshot: () => ({ queues: queuesOf(turns, underWay), ...seats.snapshot() }),

    async [Symbol.asyncDispose]() {
      await this.drain(0);
      await seats[Symbol.asyncDispose]();
    },
  };

  /** @throws QueueFull */
  function refuseTooMany(request: PoolCall): void {
    const { algorithm, purpose } = request;
    const waiting = turns.count(algorithm);
    if (waiting === 0) return;
    const own = turns.countOf(request);
    const isOwnShare = own >= Math.ceil(queueLimit * CALLERS_SHARE);
    if (waiting < queueLimit && !isOwnShare) return;
    const atOnce = purpose === "apply" ? slots.perKey : 1;
    const seconds = pace.secondsFor(`${purpose} ${algorithm}`, waiting, atOnce);
    throw new QueueFull(algorithm, isOwnShare ? own : waiting, seconds, isOwnShare ? request.caller : null);
  }

  /** It computes at once, or waits for its turn. */
  function admit(entry: Entry): void {
    const { purpose } = entry.request;
    if (turns.isEmpty(purpose) && mayServe(entry)) serve(entry);
    else {
      turns.add(entry);
      dispatch(purpose);
    }
  }

  function mayServe({ request, since }: Entry): boolean {
    const { purpose, call } = request;
    const hasWaitedLong = clock.ticks() - since > LONG_WAIT_MS;
    const isFirst = shares.hasNone(request, "all");
    return (
      seats.hasSlot(purpose, isFirst) && shares.mayTake(request, hasWaitedLong) && seats.canTake(request, purpose, call.model?.key, isFirst)
    );
  }

  function serve(entry: Entry): void {
    const { request } = entry;
    entry.hasOwn = !isStopping && entry.tries === 1 && apart.isOwnWorth(request);
    const seat = seats.take(request, request.purpose, !areSmall(request.input), entry.hasOwn);
    if (entry.hasOwn) void seat.connected.then(() => seat.lower());
    shares.take(request);
    underWay.add(seat, entry);
    if (!isStopping) apart.served(request, seat);
    void run(entry, seat);
  }

  /** Gives free slots to those whose turn it is, as long as there are both. */
  function serveNext(purpose: Purpose): void {
    for (;;) {
      const entry = seats.hasSlot(purpose, true) ? turns.next(purpose, mayServe) : undefined;
      if (!entry) break;
      serve(entry);
    }
  }

  /** While calls wait: what time alone has changed. */
  function look(): void {
    ahead.takeBackLate();
    serveNext("apply"); // those who left a worker to others need not any more
  }

  /** Free slots first; then busy workers get small calls ahead. */
  function dispatch(purpose: Purpose): void {
    serveNext(purpose);
    if (purpose !== "apply" || turns.isEmpty("apply")) return;
    growth.wake();
    for (;;) {
      let seat: Seat | undefined;
      // The last one that fits is the one that comes out; asked again, the clock may say that it does not.
      const entry = turns.next("apply", ({ request }) => {
        const found = ahead.seatFor(request);
        seat = found ?? seat;
        return found !== undefined;
      });
      if (!entry || !seat) break;
      seats.takeAlso(seat);
      underWay.add(seat, entry);
      void run(entry, seat);
    }
  }

  /** Applies that another worker of their version could serve at once: there is a slot, and their caller has not its share yet. */
  function* waitingApplies(): Generator<[string, number]> {
    const mayTake = ({ request }: Entry) => seats.hasSlot("apply", shares.hasNone(request, "all")) && shares.mayTake(request);
    if (!seats.hasSlot("apply", true)) return;
    for (const [seat, entries] of underWay.ahead()) {
      if (entries.some(mayTake)) yield [seat.target.key, entries.length];
    }
    for (const line of turns.lines("apply")) {
      const [first] = line;
      if (first && mayTake(first)) yield [first.request.key, isBehindLong(first) ? Number.POSITIVE_INFINITY : line.size];
    }
  }

  /** Whether all that its version computes now has gone on for a while with rows that came in pieces: they are many, or come slowly. */
  function isBehindLong({ request }: Entry): boolean {
    const since = clock.ticks() - LONG_MS;
    const own = [...underWay.computing()].filter((each) => each.request.key === request.key && each.request.purpose === "apply");
    return own.length > 0 && own.every(({ request, began }) => !Buffer.isBuffer(request.input) && began !== undefined && began <= since);
  }

  function waitingFor(key: string): Entry | undefined {
    for (const [first] of turns.lines("apply")) if (first?.request.key === key) return first;
    for (const [seat, [first]] of underWay.ahead()) if (seat.target.key === key) return first;
    return undefined;
  }

  /** Whether somebody of whom nothing computes on this version has waited for long. */
  function isFirstOf(key: string): boolean {
    const since = clock.ticks() - LONG_WAIT_MS;
    const firsts = [...turns.lines("apply")].flatMap(([first]) => first ?? []);
    return firsts.some((each) => each.request.key === key && each.since < since && shares.hasNone(each.request, "version"));
  }

  async function grow(key: string): Promise<boolean> {
    const entry = waitingFor(key);
    if (!entry || !seats.mayGrow(key, isFirstOf(key))) return true;
    log.info({ worker: key, waiting: turns.count(entry.request.algorithm) }, "calls wait: one more worker starts");
    const { model } = entry.request.call;
    return await warming.start(entry.request, model ? [model] : []);
  }

  async function run(entry: Entry, seat: Seat): Promise<void> {
    const { request, abort, answered } = entry;
    const startedWorker = seat.isStarting;
    let isReached = false;
    let forget: (() => void) | undefined;
    const wait = heldUp.watch(entry, seat);
    try {
      const isAwaited = () => waitingFor(request.key) !== undefined;
      const link =
        seat.link && !startedWorker
          ? seat.link
          : await (entry.hasOwn ? apart.started(seat, abort.signal, isAwaited) : seat.started(abort.signal, isAwaited));
      if (underWay.of(seat)[0] === entry) entry.began = clock.ticks();
      const { model } = request.call;
      if (request.purpose === "apply") warming.models.add(request.key, model);
      isReached = true;
      if (areSmall(request.input)) seat.smallAt = clock.ticks();
      else forget = apart.lowerLate(seat);
      const done = await link.call(request.call, wait.rows, wait, abort.signal);
      seat.hasLoaded(model?.key, done.seconds.loading);
      const began = entry.began ?? clock.ticks();
      pace.add(`${request.purpose} ${request.algorithm}`, (clock.ticks() - began) / 1000);
      answered.resolve({ done, queuedSeconds: (began - entry.since) / 1000, startedWorker });
    } catch (error) {
      const isTakenBack = error instanceof TakenBack;
      const isUnstarted = !isReached && entry.tries === 1 && (error instanceof WorkerLost || entry.hasOwn);
      if (isUnstarted && entry.hasOwn && !abort.signal.aborted) apart.unstarted(request.key, error);
      const mayRetry = error instanceof NeverReached ? entry.tries < MOST_TRIES : isUnstarted;
      if ((isTakenBack || (mayRetry && !isStopping)) && !abort.signal.aborted) {
        if (!isTakenBack) entry.tries++;
        turns.add(entry, { isFirst: true });
      } else answered.reject(isTakenBack ? abort.signal.reason : error);
    } finally {
      forget?.();
      heldUp.ended(wait);
      end(entry, seat);
    }
  }

  /** The worker has no more to do with this call, and begins the one behind it. */
  function end(entry: Entry, seat: Seat): void {
    const wasFirst = underWay.of(seat)[0] === entry;
    const next = underWay.remove(seat, entry);
    if (wasFirst) shares.give(entry.request);
    if (next) {
      next.began = clock.ticks();
      shares.take(next.request);
    }
    heldUp.freed(entry.request);
    entry.began = undefined;
    if (entry.hasOwn && seat.isStarting && seat.isUsable) seats.leave(seat);
    else seats.give(seat);
  }
}
