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
/** After so long, in ms, a call ends whose caller has not moved, if others wait for what it keeps. */
const MOST_MS = 60_000;

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
 * and other workers. Whoever moves again goes on at once, beside those.
 */
export class HeldUp {
  readonly #parts: HeldUpParts;
  readonly #waiting = new Map<CallerWait, AbortController>();
  readonly #aside = new Counts();
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: HeldUpParts) {
    this.#parts = parts;
  }

  /** Watches a call that a worker is about to get; to be told of its end. */
  watch({ request, abort }: Held, seat: Seat): CallerWait {
    return new CallerWait(request, seat, this.#parts.clock, (wait) => {
      if (wait.isAside) this.#comeBack(wait);
      if (wait.since === undefined) this.#waiting.delete(wait);
      else this.#begin(wait, abort);
    });
  }

  /** The call has ended. */
  ended(wait: CallerWait): void {
    this.#waiting.delete(wait);
    if (wait.isAside) this.#comeBack(wait);
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
      return;
    }
    const now = this.#parts.clock.ticks();
    let longest: CallerWait | undefined;
    for (const [wait, abort] of [...this.#waiting]) {
      if (abort.signal.aborted) continue; // it ends
      wait.look();
      const { since = now } = wait;
      if (!wait.isAside && now - since >= STILL_MS) this.#stepAside(wait);
      if (now - since >= MOST_MS && since < (longest?.since ?? now) && this.#isInTheWay(wait)) longest = wait;
    }
    if (!longest) return;
    const { algorithm, caller } = longest.request;
    this.#parts.log.warn({ algorithm, caller }, "a caller did not move while others waited: its call ends");
    this.#waiting.get(longest)?.abort(new CallerStalled(MOST_MS / 1000));
  }

  #stepAside(wait: CallerWait): void {
    const { seats, shares } = this.#parts;
    const { caller } = wait.request;
    if (this.#aside.of(lineOf(wait)) >= MOST_ASIDE.version || this.#aside.of(caller) >= MOST_ASIDE.all || !seats.hasMemory) return;
    wait.isAside = true;
    this.#aside.add(lineOf(wait), 1);
    this.#aside.add(caller, 1);
    shares.give(wait.request);
    seats.stepAside(wait.seat);
  }

  #comeBack(wait: CallerWait): void {
    const { seats, shares } = this.#parts;
    wait.isAside = false;
    this.#aside.add(lineOf(wait), -1);
    this.#aside.add(wait.request.caller, -1);
    shares.take(wait.request);
    seats.comeBack(wait.seat);
  }

  /** Whether somebody waits for what it keeps: its place, memory, or a worker of its version where there may be no further one. */
  #isInTheWay({ request: { purpose, key }, isAside }: CallerWait): boolean {
    const { turns, seats, shares } = this.#parts;
    if (!seats.hasMemory || !(isAside || seats.hasSlot(purpose))) return !turns.isEmpty(purpose);
    for (const [first] of turns.lines(purpose)) {
      if (first?.request.key !== key || !shares.mayTake(first.request)) continue;
      if (!seats.canTake(first.request, purpose, first.request.call.model?.key) && !(purpose === "apply" && seats.mayGrow(key)))
        return true;
    }
    return false;
  }
}

function lineOf({ request: { purpose, key, caller } }: CallerWait): string {
  return `${caller}\n${purpose}\n${key}`;
}
