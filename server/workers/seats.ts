import type { Clock, Log } from "#contract/edges.ts";
import { nameKey } from "#contract/names.ts";
import { mostIdle } from "./most-idle.ts";
import { Seat } from "./seat.ts";
import { type Purpose, type Slots, together } from "./slots.ts";
import type { PoolTarget } from "./target.ts";

/** How often idle workers and memory are looked at. */
const LOOK_MS = 1000;
/** Up to so many workers others are started before a call needs them. */
const MOST_WARMED = 16;
/** What a further worker of a version may idle, in seconds: it was started for a load that has passed. */
const FURTHER_IDLE_SECONDS = 60;
/** Who starts or loads for longer, in milliseconds, may hang: calls get another worker, if there may be one more. */
const SOON_MS = 10_000;
/** Workers of one version, those included that hang at their start. */
const MOST_OF_KEY = 16;
/**
 * Workers whose memory is measured at a look, besides those that never were: it takes milliseconds each. Those first that were
 * measured longest ago; of others that may have grown it is guessed.
 */
const MEASURED_A_LOOK = 32;
/** Those that idle are measured anew after so long, in milliseconds, or as soon as it is their turn. */
const MEASURED_MS = 10_000;

export interface SeatsOptions {
  readonly slots: Slots;
  /** Beyond this much memory of all workers the longest idle one is stopped. */
  readonly memoryBytes: number;
  readonly idleSeconds: number;
  readonly clock: Clock;
  readonly log: Log;
  /** A seat became free or empty: somebody who waits may take it. */
  readonly onFree: (purpose: Purpose) => void;
  /** A worker had to be replaced: it died, was cancelled in vain, did not start, or took too much memory. */
  readonly onRestart?: ((reason: string) => void) | undefined;
}

/** The workers that there are: started when needed, kept warm, stopped when idle longest once memory is short. */
export class Seats implements AsyncDisposable {
  readonly #options: SeatsOptions;
  readonly #seats = new Set<Seat>();
  readonly #byKey: Readonly<Record<Purpose, Map<string, Set<Seat>>>> = { fit: new Map(), apply: new Map(), plain: new Map() };
  readonly #taken: Record<Purpose, number> = { fit: 0, apply: 0, plain: 0 };
  readonly #restarts = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;
  readonly #mostIdle: number;
  /** Bytes of memory that all workers took at the last look. */
  #memory = 0;

  constructor(options: SeatsOptions) {
    this.#options = options;
    this.#mostIdle = options.slots.idle ?? mostIdle();
    this.#timer = setInterval(() => void this.#look(), LOOK_MS).unref();
  }

  /** @param isFirst whether nothing of its caller computes: two callers may have all places for hours, and further ones still get one */
  hasSlot(purpose: Purpose, isFirst = false): boolean {
    return this.#taken[purpose] < together(this.#options.slots[purpose]) * (isFirst ? 2 : 1);
  }

  /**
   * Whether `take` would find an idle worker, or may start one. An apply starts the first of its version; further ones
   * start beside the calls, when enough of them wait (growth.ts). It waits for no other call's model to be loaded.
   *
   * @param model the key of the model that it needs @param isFirst as for `hasSlot`
   */
  canTake({ key }: PoolTarget, purpose: Purpose, model?: string | null, isFirst = false): boolean {
    let count = 0;
    let heldUp = 0;
    let isServed = false;
    for (const seat of this.of(purpose, key)) {
      if (!seat.isUsable) continue;
      if (!seat.isBusy) return true;
      if (seat.isHeldUp) {
        heldUp++;
        continue;
      }
      if (this.#isSoon(seat) && (seat.warming === undefined || seat.warming === model)) isServed = true;
      count++;
    }
    const mayBeside = heldUp === 0 || (this.hasMemory && heldUp < MOST_OF_KEY);
    if (purpose === "apply") return !isServed && mayBeside && count + heldUp < MOST_OF_KEY;
    const most = together(this.#options.slots[purpose]) * (isFirst ? 2 : 1);
    return count + heldUp < most || (mayBeside && count < most);
  }

  /**
   * An idle worker of the key, the one used last; else a new one. Give it back with `give`.
   *
   * @param hasMany whether it is for many rows: those that had some before compute below others
   * @param isNew whether it is a new one in any case
   */
  take(target: PoolTarget, purpose: Purpose, hasMany: boolean, isNew = false): Seat {
    this.#taken[purpose]++;
    let found: Seat | undefined;
    for (const seat of isNew ? none : this.of(purpose, target.key)) {
      if (seat.isBusy || !seat.isUsable) continue;
      const isBetter = !found || (seat.isLowered === found.isLowered ? seat.idleSince > found.idleSince : seat.isLowered === hasMany);
      if (isBetter) found = seat;
    }
    const seat = found ?? this.#add(target, purpose);
    seat.isBusy = true;
    seat.busySince = this.#options.clock.ticks();
    seat.calls = 1;
    return seat;
  }

  /** The worker gets a further call ahead of its answer, which takes no slot of its own: it computes one at a time. */
  takeAlso(seat: Seat): void {
    seat.calls++;
  }

  /** A call of it has ended. */
  give(seat: Seat): void {
    seat.calls--;
    if (seat.calls > 0) this.#options.onFree(seat.purpose);
    else {
      this.#taken[seat.purpose]--;
      this.rest(seat);
    }
  }

  /** Its call went elsewhere while it starts: it may serve others once it has started. */
  leave(seat: Seat): void {
    seat.calls--;
    this.#taken[seat.purpose]--;
    seat.ready.then(
      () => this.rest(seat),
      () => {},
    );
    this.#options.onFree(seat.purpose);
  }

  /** Its call waits for its caller: others may have its place. */
  stepAside(seat: Seat): void {
    seat.isHeldUp = true;
    this.#taken[seat.purpose]--;
    this.#options.onFree(seat.purpose);
  }

  /** Its call goes on and its caller's share has room, or it has ended: it takes a place again, beside those that there are. */
  comeBack(seat: Seat): void {
    seat.isHeldUp = false;
    this.#taken[seat.purpose]++;
  }

  /** A worker that is started for applies to come. It is busy until `rest`, and takes no slot: it holds up no call. */
  keep(target: PoolTarget): Seat {
    return this.#add(target, "apply");
  }

  /** It may serve the next call, if it still can. */
  rest(seat: Seat): void {
    seat.isBusy = false;
    seat.idleSince = this.#options.clock.ticks();
    if (!seat.isUsable) void this.#remove(seat, seat.reason);
    else if (this.#seats.size > this.#mostIdle) {
      const idle = this.#idle();
      for (const each of idle.slice(0, Math.max(0, idle.length - this.#mostIdle))) void this.#remove(each, "idle");
    }
    this.#options.onFree(seat.purpose);
  }

  /** All workers of the key. */
  of(purpose: Purpose, key: string): ReadonlySet<Seat> {
    return this.#byKey[purpose].get(key) ?? none;
  }

  /** A worker of the key that has connected. */
  find(key: string): Seat | undefined {
    return [...this.of("apply", key)].find((seat) => seat.link !== undefined && seat.isUsable);
  }

  /** Whether there is a worker of the key, or one comes. */
  has(key: string): boolean {
    return [...this.of("apply", key)].some((seat) => seat.isUsable);
  }

  /** The idle worker for applies of the key that was used last; it is busy until `rest`, and takes no slot. */
  borrow(key: string): Seat | undefined {
    const idle = [...this.of("apply", key)].filter((seat) => !seat.isBusy && seat.isUsable && !seat.isStarting);
    const last = idle.sort((a, b) => Number(a.isLowered) - Number(b.isLowered) || b.idleSince - a.idleSince)[0];
    if (last) last.isBusy = true;
    return last;
  }

  /**
   * Whether another worker of the key, besides those that there are, has its place and its memory.
   *
   * @param isFirst whether it is for somebody of whom nothing computes on the version, and who has waited for long
   */
  mayGrow(key: string, isFirst = false): boolean {
    let count = 0;
    let heldUp = 0;
    let size = 0;
    for (const seat of this.of("apply", key)) {
      if (!seat.isUsable) continue;
      if (seat.isHeldUp) heldUp++;
      if ((seat.isStarting || seat.warming !== undefined) && this.#isSoon(seat)) return false; // one comes already
      count++;
      size = Math.max(size, seat.size);
    }
    // Others that idle end when memory gets short.
    const others = this.#idle().reduce((sum, seat) => (seat.target.key === key ? sum : sum + seat.size), 0);
    return (
      heldUp < MOST_OF_KEY &&
      count - heldUp < (isFirst ? MOST_OF_KEY : together(this.#options.slots.perKey)) &&
      this.#memory - others + size < this.#options.memoryBytes
    );
  }

  /** Whether a worker may be started for calls that may come: others that idle must not end for it. */
  get hasRoom(): boolean {
    return this.#seats.size < MOST_WARMED && this.#memory < this.#options.memoryBytes / 2;
  }

  /** Whether the workers took less than they may at the last look. */
  get hasMemory(): boolean {
    return this.#memory < this.#options.memoryBytes;
  }

  /** Ends the idle workers of an algorithm that serve another key, and marks the busy ones. */
  retire(algorithm: string, except: string): void {
    for (const seat of this.#seats) {
      if (nameKey(seat.target.algorithm) !== nameKey(algorithm) || seat.target.key === except) continue;
      seat.isRetired = true;
      if (!seat.isBusy) void this.#remove(seat, "retired");
    }
  }

  snapshot() {
    const workers = [...this.#seats].map((seat) => ({ key: seat.target.key, purpose: seat.purpose, pid: seat.pid, isBusy: seat.isBusy }));
    return { workers, restarts: Object.fromEntries(this.#restarts) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    const all = [...this.#seats];
    for (const seat of all) this.#forget(seat); // so that their ends are known to be asked for
    await Promise.all(all.map((seat) => seat.end()));
  }

  /** Whether it computes, or is so lately started or set to load that it may be counted on. */
  #isSoon(seat: Seat): boolean {
    if (!seat.isStarting && seat.warming === undefined) return true;
    return this.#options.clock.ticks() - seat.comingSince < SOON_MS;
  }

  #add(target: PoolTarget, purpose: Purpose): Seat {
    const seat = new Seat(target, purpose, this.#options.clock);
    this.#seats.add(seat);
    const alike = this.#byKey[purpose].get(target.key);
    if (alike) alike.add(seat);
    else this.#byKey[purpose].set(target.key, new Set([seat]));
    seat.ready.then(
      () =>
        seat.link?.worker.ended.then((how) => {
          if (!this.#forget(seat)) return;
          this.#count(seat.reason);
          this.#options.log.warn({ worker: target.key, how, reason: seat.reason }, "a worker ended before its time");
          this.#options.onFree(purpose);
        }),
      () => this.#remove(seat, "start failed"),
    );
    return seat;
  }

  async #remove(seat: Seat, reason: string): Promise<void> {
    if (!this.#forget(seat)) return;
    this.#count(reason);
    await seat.end();
  }

  /** False when it was forgotten before. */
  #forget(seat: Seat): boolean {
    const alike = this.#byKey[seat.purpose].get(seat.target.key);
    alike?.delete(seat);
    if (alike?.size === 0) this.#byKey[seat.purpose].delete(seat.target.key);
    return this.#seats.delete(seat);
  }

  #count(reason: string): void {
    if (reason !== "idle" && reason !== "retired") this.#options.onRestart?.(reason);
    this.#restarts.set(reason, (this.#restarts.get(reason) ?? 0) + 1);
  }

  async #look(): Promise<void> {
    const { clock, idleSeconds, memoryBytes, log } = this.#options;
    for (const seat of this.#idle()) {
      const isFurther = this.of(seat.purpose, seat.target.key).size > 1;
      const limit = isFurther ? Math.min(FURTHER_IDLE_SECONDS, idleSeconds) : idleSeconds;
      if (clock.ticks() - seat.idleSince > limit * 1000) void this.#remove(seat, "idle");
    }
    const due = [...this.#seats].filter((seat) => seat.mayHaveGrown || clock.ticks() - seat.measuredAt > MEASURED_MS);
    const isNew = (seat: Seat) => seat.measuredAt === Number.NEGATIVE_INFINITY;
    const others = due.filter((seat) => !isNew(seat)).sort((a, b) => a.measuredAt - b.measuredAt);
    const measured = [...due.filter(isNew), ...others.slice(0, MEASURED_A_LOOK)].map((seat) => seat.measure());
    await Promise.all([...measured, ...others.slice(MEASURED_A_LOOK).map((seat) => seat.measure(true))]);
    this.#memory = [...this.#seats].reduce((sum, { size }) => sum + size, 0);
    // Those idle now, not when the memory was asked for.
    for (const seat of this.#idle()) {
      if (this.#memory <= memoryBytes) return;
      log.info(
        { worker: seat.target.key, total: this.#memory, limit: memoryBytes },
        "the workers' memory is over BRIDGE_MEMORY: the longest idle one ends",
      );
      this.#memory -= seat.size;
      void this.#remove(seat, "memory");
    }
  }

  /** Idle ones, longest first. */
  #idle(): Seat[] {
    return [...this.#seats].filter((seat) => !seat.isBusy).sort((a, b) => a.idleSince - b.idleSince);
  }
}

const none: ReadonlySet<Seat> = new Set();
