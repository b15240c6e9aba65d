import type { Clock, Log } from "#contract/edges.ts";
import type { Session } from "./database.ts";

/** A bridge is gone when its session is away for so long: one that only lost its connection is back before. */
const GONE_AFTER_MS = 3000;
const LOOK_MS = 500;

/** Which of the bridges that share a store live. */
export class Living {
  readonly #session: Pick<Session, "living">;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #onGone = new Set<(bridge: number) => void>();
  readonly #asked = new Map<number, PromiseWithResolvers<boolean>[]>();
  /** Those that were there at the last look, or were asked for. */
  readonly #known = new Set<number>();
  /** Since when those known are away, in ticks of the clock. */
  readonly #awaySince = new Map<number, number>();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(session: Pick<Session, "living">, clock: Clock, log: Log) {
    this.#session = session;
    this.#clock = clock;
    this.#log = log;
  }

  /** Looks again and again, until it is closed. Resolves after the first look. @throws StoreAway */
  async start(): Promise<void> {
    await this.#look();
    this.#again();
  }

  onGone(listener: (bridge: number) => void): () => void {
    this.#onGone.add(listener);
    return () => this.#onGone.delete(listener);
  }

  /** Whether it has ended. Takes its time for one that may only have lost its connection. */
  isGone(bridge: number): Promise<boolean> {
    if (this.#isClosed) return Promise.resolve(false);
    const asked = Promise.withResolvers<boolean>();
    this.#known.add(bridge);
    this.#asked.set(bridge, [...(this.#asked.get(bridge) ?? []), asked]);
    return asked.promise;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    for (const bridge of this.#asked.keys()) this.#answer(bridge, false);
  }

  #again(): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(async () => {
      // Nobody can be told from the dead while the store is away, nor just after: all begin to be missed anew.
      await this.#look().catch(() => this.#awaySince.clear());
      this.#again();
    }, LOOK_MS).unref();
  }

  async #look(): Promise<void> {
    const there = await this.#session.living();
    const now = this.#clock.ticks();
    for (const bridge of there) {
      this.#known.add(bridge);
      this.#awaySince.delete(bridge);
      this.#answer(bridge, false);
    }
    for (const bridge of this.#known) {
      if (there.has(bridge)) continue;
      const since = this.#awaySince.get(bridge) ?? now;
      this.#awaySince.set(bridge, since);
      if (now - since >= GONE_AFTER_MS) this.#forget(bridge);
    }
  }

  #forget(bridge: number): void {
    this.#known.delete(bridge);
    this.#awaySince.delete(bridge);
    this.#log.info({ bridge }, "a bridge that shares the store is gone");
    this.#answer(bridge, true);
    for (const listener of [...this.#onGone]) listener(bridge);
  }

  #answer(bridge: number, isGone: boolean): void {
    for (const { resolve } of this.#asked.get(bridge) ?? []) resolve(isGone);
    this.#asked.delete(bridge);
  }
}
