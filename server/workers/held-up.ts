import type { Clock, Log } from "#contract/edges.ts";
import { CallerStalled } from "#contract/errors.ts";
import { CallerWait, STILL_MS } from "./caller-wait.ts";
import { Counts } from "./counts.ts";
import type { PoolCall } from "./pool-call.ts";
import type { Seat } from "./seat.ts";
import type { Seats } from "./seats.ts";
import type { Shares } from "./shares.ts";
import type { Turns } from "./turns.ts";

const LOOK_MS = 100;
/** So many calls of one caller on one version, and on all, keep a worker without a place; further ones take one, as those that compute. */
const MOST_ASIDE = { version: 4, all: 16 };
/** After so long, in ms, a call ends whose caller has not moved, if another waits for what it keeps. */
const MOST_MS = 60_000;
/** So long instead, if one of its caller's on its version ended so within the last minute: those that stopped together may be many, and wait in line. */
const AGAIN_MS = 10_000;
/** So long, in ms, one that was told to end is waited for before a further one is: what it keeps may be enough. */
const ENDING_MS = 1500;

/** A call with a worker, and how it is ended. */
interface Held {
  readonly request: PoolCall;
  readonly abort: AbortController;
}

interface HeldUpParts {
  readonly seats: Seats;
  readonly shares: Shares;
  readonly turns: Turns<Held>;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Calls that wait for their callers, who send no rows for a while or take no results: others have their places meanwhile,
 * and other workers. Whoever moves again goes on at once, and takes a place again, beside those, as far as its caller's
 * share has room: calls that stop and go in turn take no more places of others than calls that compute.
 */
export class HeldUp {
  readonly #parts: HeldUpParts;
  readonly #waiting = new Map<CallerWait, AbortController>();
  readonly #aside = new Counts();
  /** Those that move again, and whose caller's share has no room for them yet. */
  readonly #beside = new Set<CallerWait>();
  #timer: NodeJS.Timeout | undefined;
  /** Until when, in ticks, calls of a line have less time. */
  readonly #hurried = new Map<string, number>();
  /** The call that was told to end last and has not yet, and when. */
  #told: { readonly wait: CallerWait; readonly at: number } | undefined;

  constructor(parts: HeldUpParts) {
    this.#parts = parts;
  }

  /** Watches a call that a worker is about to get; to be told of its end. */
  watch({ request, abort }: Held, seat: Seat): CallerWait {
    return new CallerWait(request, seat, this.#parts.clock, (wait) => {
      if (wait.isAside) this.#goOn(wait);
      if (wait.since === undefined) this.#waiting.delete(wait);
      else this.#begin(wait, abort);
    });
  }

  /** The call has ended. */
  ended(wait: CallerWait): void {
    this.#waiting.delete(wait);
    this.#beside.delete(wait);
    if (this.#told?.wait === wait) this.#told = undefined;
    if (wait.isAside) this.#comeBack(wait);
  }

  /** Its caller's share may have room: those of its calls that go on without a place come before those that wait. */
  freed({ caller, purpose }: PoolCall): void {
    for (const wait of this.#beside) {
      if (wait.request.caller === caller && wait.request.purpose === purpose) this.#goOn(wait);
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #begin(wait: CallerWait, abort: AbortController): void {
    this.#waiting.set(wait, abort);
    this.#timer ??= setInterval(() => this.#look(), LOOK_MS).unref();
  }

  #look(): void {
    if (this.#waiting.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      this.#hurried.clear();
      return;
    }
    const now = this.#parts.clock.ticks();
    const overdue: CallerWait[] = [];
    for (const [wait, abort] of [...this.#waiting]) {
      if (abort.signal.aborted) continue; // it ends
      wait.look();
      const { since = now } = wait;
      if (now - since >= STILL_MS) {
        if (wait.isAside) this.#beside.delete(wait);
        else this.#stepAside(wait);
      }
      if (now - since >= this.#patience(wait, now)) overdue.push(wait);
    }
    if (overdue.length > 0 && !(this.#told && now - this.#told.at < ENDING_MS)) this.#endOne(overdue, now);
  }

  /** Ends the one of these that has not moved for the longest of those that are in somebody's way. */
  #endOne(overdue: readonly CallerWait[], now: number): void {
    const kept = overdue.filter(({ isAside }) => !isAside).map(({ request }) => request);
    const inOrder = overdue.toSorted((a, b) => (a.since ?? now) - (b.since ?? now));
    const wait = inOrder.find((each) => this.#isInTheWay(each, kept));
    if (!wait) return;
    const { algorithm, caller } = wait.request;
    this.#parts.log.warn({ algorithm, caller }, "a caller did not move while calls waited for what its call keeps: it ends");
    this.#told = { wait, at: now };
    this.#waiting.get(wait)?.abort(new CallerStalled(this.#patience(wait, now) / 1000));
    for (const [line, until] of this.#hurried) if (until <= now) this.#hurried.delete(line);
    this.#hurried.set(lineOf(wait), now + MOST_MS);
  }

  #patience(wait: CallerWait, now: number): number {
    return now < (this.#hurried.get(lineOf(wait)) ?? now) ? AGAIN_MS : MOST_MS;
  }

  #stepAside(wait: CallerWait): void {
    const { seats, shares } = this.#parts;
    const { caller } = wait.request;
    if (this.#aside.of(lineOf(wait)) >= MOST_ASIDE.version || this.#aside.of(caller) >= MOST_ASIDE.all || !seats.hasMemory) return;
    wait.isAside = true;
    this.#aside.add(lineOf(wait), 1);
    this.#aside.add(caller, 1);
    shares.give(wait.request);
    this.freed(wait.request);
    seats.stepAside(wait.seat);
  }

  #goOn(wait: CallerWait): void {
    if (this.#parts.shares.full(wait.request)) this.#beside.add(wait);
    else this.#comeBack(wait);
  }

  #comeBack(wait: CallerWait): void {
    const { seats, shares } = this.#parts;
    wait.isAside = false;
    this.#beside.delete(wait);
    this.#aside.add(lineOf(wait), -1);
    this.#aside.add(wait.request.caller, -1);
    shares.take(wait.request);
    seats.comeBack(wait.seat);
  }

  /**
   * Whether somebody waits for what it keeps: its place, memory, a worker of its version where there may be no further one,
   * or its caller's share, so far as those that have not moved keep what is missing of it.
   */
  #isInTheWay(wait: CallerWait, kept: readonly PoolCall[]): boolean {
    const { turns, seats, shares } = this.#parts;
    const { request, isAside } = wait;
    const { purpose, key, caller } = request;
    for (const [first] of turns.lines(purpose)) {
      if (!first) continue;
      const isFirst = shares.hasNone(first.request, "all");
      const isShort = !seats.hasMemory || !(isAside || seats.hasSlot(purpose, isFirst));
      const full = shares.full(first.request);
      const isSameKey = first.request.key === key;
      if (full) {
        const isOwn = !isAside && first.request.caller === caller && (isSameKey || full === "all");
        if (isOwn && !shares.full(first.request, kept)) return true;
      } else if (isShort) {
        return true;
      } else if (isSameKey && !seats.canTake(first.request, purpose, first.request.call.model?.key, isFirst)) {
        if (!(purpose === "apply" && seats.mayGrow(key, shares.hasNone(first.request, "version")))) return true;
      }
    }
    return false;
  }
}

function lineOf({ request: { purpose, key, caller } }: CallerWait): string {
  return `${caller}\n${purpose}\n${key}`;
}
