/** How often it is looked who waits, while somebody does. */
const LOOK_MS = 20;
/** Calls that have waited so long together, lately, are worth another worker: starting one takes about as much. */
const WORTH_MS = 100;
/** What is left of past waiting at the next look. */
const KEPT = 0.9;
/** Looks without anybody waiting after which it rests until somebody does again. */
const QUIET_LOOKS = 50;
/** How long after a worker did not start no other is tried. */
const FAILED_MS = 5000;

export interface GrowthParts {
  /** Done before each look. */
  readonly before: () => void;
  /** Keys of workers for which calls wait that another worker could serve, and how many; infinitely many: no longer wait is needed. */
  readonly waiting: () => Iterable<readonly [key: string, count: number]>;
  /** Starts one more worker, where there may be more. Never throws. False: it did not start. */
  readonly grow: (key: string) => Promise<boolean>;
}

/**
 * Decides when a version gets a further worker: when its calls have waited longer together than the worker costs. So one
 * call that finds the only worker busy waits for it, and many that go on coming get a second. Behind calls that are known
 * to take long one need not have waited: it would.
 */
export class Growth {
  readonly #parts: GrowthParts;
  readonly #waited = new Map<string, number>();
  readonly #failed = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #quietLooks = 0;

  constructor(parts: GrowthParts) {
    this.#parts = parts;
  }

  /** A call waits. */
  wake(): void {
    this.#quietLooks = 0;
    this.#timer ??= setInterval(() => this.look(), LOOK_MS).unref();
  }

  /** Another worker comes now, by `start`, unless one did not start a moment ago. */
  growNow(key: string, start: () => Promise<boolean>): void {
    this.wake(); // what failed is forgotten in time
    this.#grow(key, start);
  }

  /** One did not start: for a while no other is tried. */
  failed(key: string): void {
    this.#failed.set(key, FAILED_MS);
    this.wake(); // what failed is forgotten in time
  }

  /** Whether one did not start a moment ago. */
  hasFailed(key: string): boolean {
    return this.#failed.has(key);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Every 20 ms while somebody waits. */
  look(): void {
    for (const [key, waited] of this.#waited) {
      if (waited > 1) this.#waited.set(key, waited * KEPT);
      else this.#waited.delete(key);
    }
    for (const [key, left] of this.#failed) {
      if (left > LOOK_MS) this.#failed.set(key, left - LOOK_MS);
      else this.#failed.delete(key);
    }
    this.#parts.before();
    let isQuiet = true;
    for (const [key, count] of this.#parts.waiting()) {
      isQuiet = false;
      this.#waited.set(key, (this.#waited.get(key) ?? 0) + count * LOOK_MS);
    }
    for (const [key, waited] of this.#waited) {
      if (waited >= WORTH_MS) this.#grow(key);
    }
    this.#quietLooks = isQuiet ? this.#quietLooks + 1 : 0;
    if (this.#quietLooks < QUIET_LOOKS) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #grow(key: string, start = () => this.#parts.grow(key)): void {
    if (this.#failed.has(key)) return;
    this.#waited.delete(key);
    void start().then((isStarted) => {
      if (!isStarted) this.failed(key);
    });
  }
}
