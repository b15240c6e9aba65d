interface Waiting {
  readonly rank: number;
  readonly turn: PromiseWithResolvers<void>;
}

/** A number of places. Who waits for one comes in by rank, the lowest first, and within a rank in order. */
export class Lane {
  #free: number;
  readonly #waiting: Waiting[] = [];
  #closed: Error | undefined;

  constructor(places: number) {
    this.#free = places;
  }

  /** Whether somebody waits for a place. */
  get isAwaited(): boolean {
    return this.#waiting.length > 0;
  }

  /** Takes a place if there is one. */
  tryEnter(): boolean {
    if (this.#free === 0) return false;
    this.#free--;
    return true;
  }

  /** @throws the signal's reason, or what `close` was given, while it waits */
  async enter(rank: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#closed) throw this.#closed;
    if (this.tryEnter()) return;
    const waiting: Waiting = { rank, turn: Promise.withResolvers() };
    const at = this.#waiting.findIndex((each) => each.rank > rank);
    this.#waiting.splice(at < 0 ? this.#waiting.length : at, 0, waiting);
    const onAbort = () => {
      const index = this.#waiting.indexOf(waiting);
      if (index < 0) return; // it has the place already, and gives it back
      this.#waiting.splice(index, 1);
      waiting.turn.reject(signal.reason);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      await waiting.turn.promise;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  leave(): void {
    // The place is handed on: somebody who comes meanwhile must not take it, too.
    const next = this.#waiting.shift();
    if (next) next.turn.resolve();
    else this.#free++;
  }

  /** Refuses all who wait, and who come. */
  close(reason: Error): void {
    this.#closed = reason;
    for (const { turn } of this.#waiting.splice(0)) turn.reject(reason);
  }
}
