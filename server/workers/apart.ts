import type { Clock, Log } from "#contract/edges.ts";
import type { WorkerLink } from "./call.ts";
import type { Growth } from "./growth.ts";
import { areSmall } from "./outgoing.ts";
import type { PoolCall } from "./pool-call.ts";
import type { Seat } from "./seat.ts";
import type { Seats } from "./seats.ts";
import type { Given, UnderWay } from "./under-way.ts";
import type { Warming } from "./warming.ts";

/** Rows in pieces that took so long are taken to go on. */
export const LONG_MS = 30;
/** For so long after a small call, in ms, others of its version are expected. */
const EXPECTED_MS = 10_000;

export interface ApartParts {
  readonly seats: Seats;
  readonly underWay: UnderWay<Given & { readonly request: PoolCall }>;
  readonly growth: Growth;
  readonly warming: Warming;
  readonly clock: Clock;
  readonly log: Log;
}

/** Where a worker imports and loads as fast as this, in ms, many rows rather wait for a new one than take the only one for few rows. */
const QUICK_MS = 250;
/** For so long, in ms: then they take the other all the same. */
const OWN_MS = 500;

/** Has workers for few rows beside those whose calls have many, which compute below them. */
export class Apart {
  readonly #parts: ApartParts;

  constructor(parts: ApartParts) {
    this.#parts = parts;
  }

  /**
   * Whether a call of many rows is to start a worker of its own, though another is idle: that one had small calls lately,
   * and the next of them would have to wait for a cold one.
   */
  isOwnWorth({ purpose, input, key }: PoolCall): boolean {
    if (purpose !== "apply" || Buffer.isBuffer(input)) return false;
    const { seats, growth } = this.#parts;
    const usable = [...seats.of("apply", key)].filter((seat) => seat.isUsable);
    const [only, ...others] = usable.filter((seat) => !seat.isLowered);
    if (!only || others.length > 0 || only.isBusy || usable.some((seat) => !seat.isBusy && seat !== only)) return false;
    return only.beginMs <= QUICK_MS && this.#isExpecting(only) && !growth.hasFailed(key) && seats.hasRoom && seats.mayGrow(key);
  }

  /** Waits for a call's own worker, but a moment, as another is idle. @throws as `Seat.started`; TimeoutError */
  async started(seat: Seat, signal: AbortSignal, isAwaited: () => boolean): Promise<WorkerLink> {
    const late = AbortSignal.timeout(OWN_MS);
    return await seat.started(AbortSignal.any([signal, late]), () => late.aborted || isAwaited());
  }

  /** A call's own worker did not start: the call takes another, and so do the next. */
  unstarted(key: string, error: unknown): void {
    this.#parts.log.warn({ err: error, worker: key }, "a worker for many rows did not start in time; they take the one for few");
    this.#parts.growth.failed(key);
  }

  /** A call has got its worker: what comes next may need one more. */
  served(request: PoolCall, seat: Seat): void {
    if (request.purpose !== "apply") return;
    if (areSmall(request.input)) this.#afterMany(request, seat);
    else if (!Buffer.isBuffer(request.input)) this.#besideMany(request, seat);
  }

  /** A call has begun that may be long. @returns what forgets it when it has ended */
  lowerLate(seat: Seat): () => void {
    let timer = setTimeout(() => {
      // In two halves: where the bridge itself was held up, one passes before it has looked at the answer.
      timer = setTimeout(() => seat.lower(), LONG_MS / 2);
    }, LONG_MS / 2);
    return () => clearTimeout(timer);
  }

  /** Few rows found none but lowered workers, which stay so: the next get one that was not. */
  #afterMany(request: PoolCall, own: Seat): void {
    const { seats } = this.#parts;
    if (!own.isLowered || [...seats.of("apply", request.key)].some((seat) => seat.isUsable && !seat.isLowered)) return;
    this.#grow(request, "calls of few rows come where many rows came: one more worker starts");
  }

  /**
   * Where small calls came lately more are expected while this one's rows come: they have a worker of their own before the
   * first of them waits. One that has a small call now will be free for the next.
   */
  #besideMany(request: PoolCall, own: Seat): void {
    const { seats, underWay } = this.#parts;
    const all = [...seats.of("apply", request.key)];
    if (!all.some((seat) => this.#isExpecting(seat))) return;
    if (all.some((seat) => seat !== own && seat.isUsable && underWay.of(seat).some((each) => areSmall(each.request.input)))) return;
    if (seats.canTake(request, "apply", request.call.model?.key)) return;
    this.#grow(request, "many rows come where small calls came lately: one more worker starts");
  }

  #isExpecting({ smallAt }: Seat): boolean {
    return smallAt > this.#parts.clock.ticks() - EXPECTED_MS;
  }

  #grow(request: PoolCall, message: string): void {
    const { seats, growth, warming, log } = this.#parts;
    const { call, key } = request;
    if (!seats.hasSlot("apply") || !seats.hasRoom || !seats.mayGrow(key)) return;
    growth.growNow(key, () => {
      log.info({ worker: key }, message);
      return warming.start(request, call.model ? [call.model] : []);
    });
  }
}
