import type { Clock } from "#contract/edges.ts";
import { WorkerLost } from "#contract/errors.ts";
import type { WorkerReady } from "#contract/worker.ts";
import { WorkerLink } from "./call.ts";
import type { Purpose } from "./slots.ts";
import type { PoolTarget } from "./target.ts";

/** One worker's place in the pool, from its start to its end. */
export class Seat {
  readonly target: PoolTarget;
  readonly purpose: Purpose;
  /** Resolves when it has imported its code. Rejects with WorkerFailed or WorkerLost. */
  readonly ready: Promise<WorkerReady>;
  /** Resolves when its process runs and is about to import the code; never, when it does not come so far. */
  readonly connected: Promise<void>;
  isBusy = true;
  /** Its call waits for its caller, and takes no place (held-up.ts). */
  isHeldUp = false;
  /** Since when, in ticks, it has had calls without a rest. */
  busySince = 0;
  /** When it got its last call of few rows, in ticks. */
  smallAt = Number.NEGATIVE_INFINITY;
  /** Calls that it was given and that have not ended. */
  calls = 0;
  /** Another version is live, or it cannot be trusted any more: it ends when its call does. */
  isRetired = false;
  idleSince = 0;
  /** The key of the model that it loads for calls to come; undefined while it does not. */
  warming: string | undefined;
  /** Since when, in ticks, it starts, or loads for calls to come. */
  comingSince: number;
  /** Keys of models that it has loaded; it may have dropped some. */
  readonly loaded = new Set<string>();
  readonly #clock: Clock;
  readonly #connecting = Promise.withResolvers<void>();
  #link: WorkerLink | undefined;
  #isEnding = false;
  #isStarting = true;
  #isLowered = false;
  #importMs = Number.POSITIVE_INFINITY;
  #longestLoadMs = 0;
  #size = 0;
  #measuredAt = Number.NEGATIVE_INFINITY;

  constructor(target: PoolTarget, purpose: Purpose, clock: Clock) {
    this.target = target;
    this.purpose = purpose;
    this.#clock = clock;
    this.comingSince = clock.ticks();
    this.connected = this.#connecting.promise;
    this.ready = this.#start();
    this.ready.catch(() => {});
  }

  async #start(): Promise<WorkerReady> {
    const worker = await this.target.environment.start(this.target.spec);
    if (this.purpose === "fit") worker.lower("fit");
    this.#link = new WorkerLink(worker);
    this.#connecting.resolve();
    if (this.#isEnding) await worker.kill();
    const connectedAt = this.#clock.ticks();
    const ready = await this.#link.ready;
    this.#importMs = this.#clock.ticks() - connectedAt;
    this.#isStarting = false;
    return ready;
  }

  /** What another worker of its version takes until it serves, in ms: the import of its code, and the longest load of a model. */
  get beginMs(): number {
    return this.#importMs + this.#longestLoadMs;
  }

  /** It has done a call that loaded this model, or had it. @param seconds what that took */
  hasLoaded(model: string | null | undefined, seconds: number): void {
    if (model) this.loaded.add(model);
    this.#longestLoadMs = Math.max(this.#longestLoadMs, seconds * 1000);
  }

  /**
   * Waits until it has imported its code.
   *
   * @param isAwaited whether another call waits for this worker
   * @throws the signal's reason; WorkerFailed, WorkerLost
   */
  async started(signal: AbortSignal, isAwaited: () => boolean): Promise<WorkerLink> {
    signal.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    const onAbort = () => aborted.reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      await Promise.race([this.ready, aborted.promise]);
    } catch (error) {
      if (signal.aborted && !isAwaited()) this.isRetired = true; // nobody waits for what it imports
      throw error;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
    if (!this.#link) throw new WorkerLost("it ended while it was started", "");
    return this.#link;
  }

  /** Its call's rows go on coming: few rows of others, for which somebody waits, go first from now on. It cannot be undone. */
  lower(): void {
    if (this.#isLowered || !this.#link) return;
    this.#isLowered = true;
    this.#link.worker.lower("many rows");
  }

  /** Whether calls of many rows are its work. */
  get isLowered(): boolean {
    return this.#isLowered;
  }

  /** Undefined until it has connected. */
  get link(): WorkerLink | undefined {
    return this.#link;
  }

  get isUsable(): boolean {
    return !this.isRetired && (this.#link?.isUsable ?? true);
  }

  /** Why it is not used any more. */
  get reason(): "retired" | "cancelled" | "died" {
    if (this.isRetired) return "retired";
    if (this.#link?.isSpoiled) return "cancelled";
    return this.#link?.isSpent ? "retired" : "died";
  }

  get pid(): number {
    return this.#link?.worker.pid ?? 0;
  }

  /** Whether it is still to import its code. */
  get isStarting(): boolean {
    return this.#isStarting;
  }

  /** Bytes of memory of its own when they were measured last. */
  get size(): number {
    return this.#size;
  }

  /** When its memory was measured last, in ticks; minus infinity: not yet. */
  get measuredAt(): number {
    return this.#measuredAt;
  }

  /** Whether it computed something since its memory was measured. */
  get mayHaveGrown(): boolean {
    return this.isBusy || this.idleSince >= this.#measuredAt;
  }

  /** @param isRough a guess by what it grew since it was measured, if it was */
  async measure(isRough = false): Promise<void> {
    if (!this.#link) return;
    if (!isRough) this.#measuredAt = this.#clock.ticks();
    this.#size = await this.#link.worker.memory(isRough);
  }

  /** Ends the worker at once, or, when it has not connected yet, as soon as it has; that is not waited for. */
  async end(): Promise<void> {
    this.isRetired = true;
    this.#isEnding = true;
    await this.#link?.worker.kill();
  }
}
