import type { Rows } from "#contract/call.ts";
import type { Clock } from "#contract/edges.ts";
import type { WorkerCall } from "#contract/worker.ts";
import { areSmall } from "./outgoing.ts";
import type { Pace } from "./pace.ts";
import type { Seat } from "./seat.ts";
import type { Seats } from "./seats.ts";
import type { Shares } from "./shares.ts";
import type { Asking } from "./turns.ts";
import type { Given, UnderWay } from "./under-way.ts";

/** Work that may be sent ahead to a worker, in seconds by what such calls took lately: who comes next waits no longer for it. */
const AHEAD_SECONDS = 0.002;
/** Calls that take longer wait in the bridge, where any worker may take them and others may come before them. */
const SHORT_SECONDS = 0.005;
const MOST_AHEAD = 8;
/** A call that has taken so long, in ms, is none of the short ones: those behind it come back, and no more are sent. */
const LATE_MS = 20;
/** A worker that has had no rest for so long, in ms, gets no more: calls that cannot go ahead wait for one that is free. */
const TURN_MS = 10;

interface Sent extends Given {
  readonly request: Asking & { readonly call: WorkerCall; readonly input: Rows };
}

interface AheadParts {
  readonly seats: Seats;
  readonly underWay: UnderWay<Sent>;
  readonly shares: Shares;
  readonly pace: Pace;
  readonly clock: Clock;
}

/**
 * Which small calls are sent to a worker before it has answered another, so that it need not fall asleep between them, nor
 * the bridge be woken for each. It computes them one after the other all the same.
 */
export class Ahead {
  readonly #parts: AheadParts;

  constructor(parts: AheadParts) {
    this.#parts = parts;
  }

  /** The worker that this call may be sent to: of those that compute short calls of its version who has the fewest. */
  seatFor(request: Sent["request"]): Seat | undefined {
    const { seats, underWay, shares, pace } = this.#parts;
    if (!areSmall(request.input)) return undefined;
    const since = this.#parts.clock.ticks() - TURN_MS;
    const most = mostAhead(pace.secondsOf(`apply ${request.algorithm}`));
    let found: Seat | undefined;
    for (const seat of most > 0 ? seats.of("apply", request.key) : []) {
      const line = underWay.of(seat);
      if (line.length > most || (found && line.length >= underWay.of(found).length)) continue;
      if (!seat.isUsable || seat.busySince < since || !seat.link?.mayFollow || !this.#isShort(line[0])) continue;
      const { model } = request.call;
      if (model?.key && !seat.loaded.has(model.key)) continue;
      // The share of the one before is the same caller's when his turn comes.
      if (line.at(-1)?.request.caller === request.caller || shares.mayTake(request)) found = seat;
    }
    return found;
  }

  /** What was sent ahead and then found itself behind a call that takes long waits in the bridge again. */
  takeBackLate(): void {
    const { underWay } = this.#parts;
    for (const [seat] of [...underWay.ahead()]) if (!this.#isShort(underWay.of(seat)[0])) seat.link?.takeBack();
  }

  #isShort(first: Given | undefined): boolean {
    return first?.began !== undefined && first.began > this.#parts.clock.ticks() - LATE_MS;
  }
}

/** How many calls a worker may have beside the one that it computes, by what they took lately. */
function mostAhead(seconds: number): number {
  if (seconds > SHORT_SECONDS) return 0;
  return Math.min(MOST_AHEAD, Math.max(1, Math.floor(AHEAD_SECONDS / seconds)));
}
