import type { Clock, Log } from "#contract/edges.ts";
import type { Problem } from "#contract/problem.ts";
import { Arrival } from "./arrival.ts";
import { contentOrWhy } from "./content.ts";
import { notJson, tooDeep, unfinished } from "./file-problems.ts";
import { type FileStat, isSame, placeAt } from "./file-state.ts";
import type { ParseNotebook } from "./parse.ts";
import { isUnchanged } from "./quick-look.ts";
import { type Look, look } from "./reader.ts";
import type { Timing } from "./timing.ts";

/** What is longer, in bytes, is not worked on before it lies quiet: of a torn one that would be long work for nothing. */
const LONGEST_LOOK = 2 ** 20;
/** A text that is no JSON and lies still is read again after so many milliseconds. */
const READ_AGAIN = 250;
/** How long what an error kept from being read is tried before that is told, in milliseconds. */
const PASSING = 500;
const LONGEST_RETRY = 30_000;
/** File systems count time in steps of up to two seconds: what was written a moment ago may change and keep its state. */
const TICK = 2_000;

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
  /** Absolute and real; may change. */
  readonly root: string;
  /** Absolute, below the root. */
  readonly path: string;
  readonly parse: ParseNotebook;
  readonly clock: Clock;
  readonly log: Log;
  readonly timing: Timing;
  /** The device on which another inode number means another file (quick-look.ts); undefined: none. */
  readonly steady: bigint | undefined;
  /** Bounds how many files are open at once, and of long ones (in bytes) how many are in memory. */
  turn<T>(bytes: number, work: () => Promise<T>): Promise<T>;
  /** What was read, and may be torn still; when other content was told before, and it is short. Null: it came to nothing. */
  onLook(notebook: unknown): void;
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
  readonly arrival = new Arrival();
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
  /** Something was told that has not been told to be gone. */
  #isTold = false;
  /** The problem that was told last, as text, while it lasts. */
  #problem: string | undefined;
  /** The last telling failed, or reading did for a reason that may pass: it is tried again at a time, in ticks. */
  #again: { at: number; delay: number } | undefined;
  #failed = false;
  /** Since when, in ticks, what lies there has been no whole notebook, and the state that it was found in last. */
  #torn: { since: number; stat: FileStat | undefined } | undefined;
  /** When to read once more although nothing seems changed, in ticks. */
  #unsureUntil: number | undefined;
  #wasLooked = false;
  /** What was read last took the place of what was told last, and was not written to since. */
  #isReplaced = false;
  #isLink = false;
  #device: bigint | undefined;

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
  get isLink(): boolean {
    return this.#isLink;
  }
  /** A notebook is there, or may be: nobody looked yet. */
  get mayBeThere(): boolean {
    return this.#seen !== undefined || !this.#wasLooked;
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
    const isLate = this.#unsureUntil !== undefined && this.#parts.clock.ticks() > this.#unsureUntil;
    if (this.#failed || isLate || !isSame(await this.#state(), this.#seen)) this.touch();
  }

  /** For every second or so: touches what could not be read or taken in, more rarely the longer that lasts, and what was gone (mounts tell nothing). */
  async retry(): Promise<void> {
    if (this.#running || (this.#again === undefined && this.#problem === undefined && this.mayBeThere)) return;
    if (this.#again && this.#parts.clock.ticks() >= this.#again.at) this.touch();
    else if (!isSame(await this.#state(), this.#seen)) this.touch();
  }

  /** Forgets what was told: it is told again. */
  retell(): void {
    this.#content = undefined;
    this.#problem = undefined;
    this.touch();
  }

  /** Whether what lies there now has been told, found out at once. False also where that cannot be. @param quick a device (quick-look.ts) */
  isSettled(quick: bigint | undefined): boolean {
    if (this.#busy || this.#dirty || this.#isLink || this.#seen === undefined) return false;
    return quick !== undefined && this.#device === quick && isUnchanged(this.#parts.path, this.#seen);
  }

  /** Resolves when what lies there now has been told, or has been looked at and was no notebook for long. */
  async settled(): Promise<void> {
    let touches = 0;
    while (!this.#closed) {
      const next = this.#settled.promise;
      const state = await this.#state();
      const changed = !isSame(state, this.#seen);
      if (!changed && !this.#busy && !this.#dirty) return;
      if (this.#isTornForLong() && isSame(state, this.#torn?.stat)) return;
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
      const content = found.kind === "whole" ? contentOrWhy(found.notebook) : undefined;
      // One that was made elsewhere and took the place holds no other save's bytes: it began empty, and was no JSON before its end.
      if (found.kind === "whole" && !this.#takeVouched() && !this.#isReplaced) {
        if (found.bytes <= LONGEST_LOOK && this.#content !== undefined && content && "hash" in content && content.hash !== this.#content)
          this.#parts.onLook(found.notebook);
        await this.#pause(this.#parts.timing.quiet, () => this.#vouched);
        if (!isSame(await this.#state(), found.stat)) continue;
        this.#vouched = false;
      }
      await this.#tell(found, content);
      this.#busy = false;
      if (!this.#dirty) {
        this.#settle();
        await this.#pause(this.#parts.timing.recheck, () => this.#dirty);
      }
      if (!this.#dirty && isSame(await this.#state(), this.#seen) && !this.#dirty) return;
    }
  }

  #takeVouched(): boolean {
    const was = this.#vouched;
    this.#vouched = false;
    return was;
  }

  /** Looks until there is one whole state, or none, or what lies still and cannot be read, or grows for long. */
  async #read(): Promise<Look> {
    const { root, path, parse, clock, timing, turn } = this.#parts;
    let wait = 5;
    let isFirst = true;
    let since: number | undefined;
    for (;;) {
      this.#dirty = false;
      const { size } = (await this.#state()) ?? { size: 0 };
      const found = await turn(size, () => look(root, path, parse));
      this.#isReplaced = isFirst && found.kind === "whole" && (await this.#isAnother(found.stat));
      isFirst = false;
      if (found.kind === "whole" || this.#closed) return found;
      if (found.kind === "gone") {
        // Editors move a file away and write it anew.
        await this.#pause(10, () => false);
        if ((await this.#state()) === undefined) return found;
        continue;
      }
      if (found.kind === "refused" && !found.isPassing) return found;
      const began = clock.ticks();
      since ??= began;
      this.#torn = { since: this.#torn?.since ?? began, stat: found.stat };
      if (this.#isTornForLong()) this.#settle();
      // While it lies still a look at its state is enough, mostly: two writes in one tick leave the same state.
      const again = began + (found.kind === "torn" ? READ_AGAIN : 0);
      const patience = found.kind === "torn" ? timing.giveUp : Math.min(PASSING, timing.giveUp);
      let now: FileStat | undefined = found.stat;
      do {
        const ticks = clock.ticks();
        if (ticks - since >= patience) return found;
        if (now && ticks - this.#torn.since >= timing.growing) await this.#tellGrowing(now);
        await this.#pause(wait, () => this.#dirty);
        wait = Math.min(wait * 2, 40);
        now = await this.#state();
      } while (!this.#closed && !this.#dirty && clock.ticks() < again && found.stat !== undefined && isSame(now, found.stat));
      if (!isSame(now, found.stat)) since = clock.ticks();
    }
  }

  /** Whether a state is of another file than was told last, and of one that was moved here after it was written. */
  async #isAnother(stat: FileStat): Promise<boolean> {
    const { steady } = this.#parts;
    if (this.#isLink || steady === undefined || this.#device !== steady || !this.#seen || this.#seen.ino === stat.ino) return false;
    return await this.arrival.wasMoved(stat, () => this.#state());
  }

  async #tell(found: Look, content?: ReturnType<typeof contentOrWhy>): Promise<void> {
    const { path, log } = this.#parts;
    this.#failed = false;
    try {
      if (found.kind === "whole") await this.#tellWhole(found, content ?? contentOrWhy(found.notebook));
      else if (found.kind === "gone") await this.#tellGone();
      else if (found.kind === "refused") await this.#tellProblem(found.problem);
      else await this.#tellProblem(notJson(found.why));
    } catch (error) {
      this.#failed = true;
      this.#content = undefined;
      this.#problem = undefined;
      log.error({ path, error: error instanceof Error ? error.message : String(error) }, "a notebook's change could not be taken in");
    }
    this.#seen = found.kind === "gone" ? undefined : found.stat;
    if (found.kind !== "torn" && (found.kind !== "refused" || !found.isPassing)) this.#torn = undefined;
    this.#plan(found);
  }

  async #tellWhole({ notebook, stat, bytes }: Extract<Look, { kind: "whole" }>, content: ReturnType<typeof contentOrWhy>): Promise<void> {
    if ("why" in content) return await this.#tellProblem(tooDeep(content.why));
    this.#problem = undefined;
    if (content.hash === this.#content) return this.#parts.onLook(null);
    this.#content = content.hash;
    this.#isTold = true;
    await this.#parts.onReading({ notebook, stat, bytes, content: content.hash });
  }

  async #tellGone(): Promise<void> {
    this.#seen = undefined;
    this.#problem = undefined;
    if (this.#isTold) await this.#parts.onGone();
    this.#isTold = false;
    this.#content = undefined;
  }

  async #tellProblem(problem: Problem): Promise<void> {
    // The old content serves on, but the same text again is news after this.
    this.#content = undefined;
    this.#isTold = true;
    const text = JSON.stringify(problem);
    if (text === this.#problem) return;
    await this.#parts.onUnreadable(problem);
    this.#problem = text;
  }

  /** When to look again although nobody says that anything changed. */
  #plan(found: Look): void {
    const { clock, timing } = this.#parts;
    const ticks = clock.ticks();
    if (this.#failed || (found.kind === "refused" && found.isPassing)) {
      const delay = Math.min((this.#again?.delay ?? timing.retry / 2) * 2, LONGEST_RETRY);
      this.#again = { at: ticks + delay, delay };
    } else this.#again = undefined;
    const written = found.kind === "whole" ? Number(found.stat.ctimeNs / 1_000_000n) : 0;
    this.#unsureUntil = Date.parse(clock.now()) - written < TICK ? ticks + TICK : undefined;
  }

  #isTornForLong(): boolean {
    return this.#torn !== undefined && this.#parts.clock.ticks() - this.#torn.since >= this.#parts.timing.giveUp;
  }

  async #tellGrowing(stat: FileStat): Promise<void> {
    const problem = unfinished();
    if (this.#problem !== JSON.stringify(problem)) await this.#tell({ kind: "refused", stat, problem, isPassing: true });
  }

  async #state(): Promise<FileStat | undefined> {
    const place = await placeAt(this.#parts.root, this.#parts.path);
    const file = place && "file" in place ? place : undefined;
    this.#isLink = file?.isLink ?? false;
    this.#device = file?.device;
    this.#wasLooked ||= place?.stat === undefined;
    return place?.stat;
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
