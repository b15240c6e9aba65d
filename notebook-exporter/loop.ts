import type { Clock, Log } from "#contract/edges.ts";
import type { Problem } from "#contract/problem.ts";
import { contentOf } from "./content.ts";
import type { ParseNotebook } from "./parse.ts";
import { type FileStat, isAsSeen, isSame, type Look, look, statOf } from "./reader.ts";

/** Milliseconds. The defaults lost and tore nothing under every way of writing that was tried. */
export interface Timing {
  /** How long a file must stay as it was read: an in-place rewrite can be valid JSON, old and new mixed. */
  readonly quiet: number;
  /** When to look once more after all is done: notifications are merged, and the last one can be lost. */
  readonly recheck: number;
  /** How long a file that lies still may be no JSON before that is told. */
  readonly giveUp: number;
}
export const timing: Timing = { quiet: 15, recheck: 60, giveUp: 30_000 };

/** A text that is no JSON and lies still is read again after so many milliseconds. */
const READ_AGAIN = 250;

/** A notebook, whole, as it lay there. Outputs may be left out. */
export interface Reading {
  readonly notebook: unknown;
  readonly stat: FileStat;
  readonly bytes: number;
  /** Its hash (content.ts). */
  readonly content: string;
}

/** What a loop is given. */
export interface LoopParts {
  readonly path: string;
  readonly parse: ParseNotebook;
  readonly clock: Clock;
  readonly log: Log;
  readonly timing: Timing;
  /** Bounds how many files are open at once. */
  turn<T>(work: () => Promise<T>): Promise<T>;
  onReading(reading: Reading): Promise<void>;
  onGone(): Promise<void>;
  onUnreadable(problem: Problem): Promise<void>;
}

/**
 * Follows one path. It reads until it has one whole state, tells it unless it is the content told last, and looks
 * again. What is told is told one at a time, and the last content always is.
 */
export class NotebookLoop {
  readonly #parts: LoopParts;
  #dirty = false;
  #vouched = false;
  /** Reading or telling; not while it only waits to look again. */
  #busy = false;
  #running: Promise<void> | undefined;
  #closed = false;
  #wake = () => {};
  #settled = Promise.withResolvers<void>();
  #content: string | undefined;
  #seen: FileStat | undefined;
  /** The last telling failed: the next scan tries again. */
  #failed = false;

  constructor(parts: LoopParts) {
    this.#parts = parts;
  }

  /** The state that was told last, or found to hold what was told last; undefined: none, or the file is gone. */
  get seen(): FileStat | undefined {
    return this.#seen;
  }
  /** The content told last. */
  get content(): string | undefined {
    return this.#content;
  }
  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** Something may have changed. Vouched: who says so knows that the file is whole. */
  touch(vouched = false): void {
    if (this.#closed) return;
    this.#dirty = true;
    this.#vouched ||= vouched;
    this.#wake();
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      this.#busy = false;
      this.#settle();
      if (this.#dirty) this.touch();
    });
  }

  /** Touches when the file is not as it was seen. */
  async scan(): Promise<void> {
    if (this.#running) return;
    if (this.#failed || !isSame(await statOf(this.#parts.path), this.#seen)) this.touch();
  }

  /** Resolves when what lies there now has been told. */
  async settled(): Promise<void> {
    let touches = 0;
    while (!this.#closed) {
      const next = this.#settled.promise;
      const changed = !(await isAsSeen(this.#parts.path, this.#seen));
      if (!changed && !this.#busy && !this.#dirty) return;
      if (changed && !this.#busy && !this.#dirty) {
        if (this.#failed && touches > 0) return;
        touches++;
        this.touch();
      }
      await next;
    }
  }

  /** Resolves when the loop has ended and nothing more is told. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#wake();
    await this.#running;
    this.#settle();
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      this.#busy = true;
      this.#dirty = false;
      const found = await this.#read();
      if (this.#closed) return;
      if (found.kind === "whole" && !this.#takeVouched()) {
        await this.#pause(this.#parts.timing.quiet, () => this.#vouched);
        if (!isSame(await statOf(this.#parts.path), found.stat)) continue;
        this.#vouched = false;
      }
      await this.#tell(found);
      this.#busy = false;
      if (!this.#dirty) {
        this.#settle();
        await this.#pause(this.#parts.timing.recheck, () => this.#dirty);
      }
      if (!this.#dirty && isSame(await statOf(this.#parts.path), this.#seen) && !this.#dirty) return;
    }
  }

  #takeVouched(): boolean {
    const was = this.#vouched;
    this.#vouched = false;
    return was;
  }

  /** Looks until there is one whole state, or none, or a text that lies still and is no JSON. */
  async #read(): Promise<Look> {
    const { path, parse, clock, timing, turn } = this.#parts;
    let wait = 5;
    let since: number | undefined;
    for (;;) {
      this.#dirty = false;
      const found = await turn(() => look(path, parse));
      if (found.kind === "whole" || this.#closed) return found;
      if (found.kind === "gone") {
        // Editors move a file away and write it anew.
        await this.#pause(10, () => false);
        if ((await statOf(path)) === undefined) return found;
        continue;
      }
      since ??= clock.ticks();
      // While it lies still a look at its state is enough, mostly: two writes in one tick leave the same state.
      const again = clock.ticks() + READ_AGAIN;
      let now = found.stat;
      do {
        if (clock.ticks() - since >= timing.giveUp) return found;
        await this.#pause(wait, () => this.#dirty);
        wait = Math.min(wait * 2, 40);
        now = await statOf(path);
      } while (!this.#closed && !this.#dirty && clock.ticks() < again && found.stat !== undefined && isSame(now, found.stat));
      if (!isSame(now, found.stat)) since = clock.ticks();
    }
  }

  async #tell(found: Look): Promise<void> {
    const { path, log } = this.#parts;
    this.#failed = false;
    try {
      if (found.kind === "whole") {
        const content = contentOf(found.notebook);
        const isNew = content !== this.#content;
        this.#content = content;
        if (isNew) await this.#parts.onReading({ notebook: found.notebook, stat: found.stat, bytes: found.bytes, content });
      } else if (found.kind === "gone") {
        const was = this.#content !== undefined || this.#seen !== undefined;
        this.#seen = undefined;
        if (was) await this.#parts.onGone();
        this.#content = undefined;
      } else {
        // The old content serves on, but the same text again is news after this.
        this.#content = undefined;
        await this.#parts.onUnreadable(unreadable(found.why));
      }
    } catch (error) {
      this.#failed = true;
      this.#content = undefined;
      log.error({ path, error: error instanceof Error ? error.message : String(error) }, "a notebook's change could not be taken in");
    }
    this.#seen = found.kind === "gone" ? undefined : found.stat;
  }

  #settle(): void {
    this.#settled.resolve();
    this.#settled = Promise.withResolvers<void>();
  }

  /** Waits, less long when `enough` holds after a touch. */
  #pause(milliseconds: number, enough: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#wake = () => {};
        resolve();
      };
      const timer = setTimeout(end, milliseconds);
      this.#wake = () => {
        if (this.#closed || enough()) end();
      };
      this.#wake();
    });
  }
}

function unreadable(why: string): Problem {
  return {
    severity: "error",
    code: "not-json",
    message: `The file is not valid JSON: ${why}.`,
    hint: "Save it again, or take the last version that worked; until then the old version serves on.",
  };
}
