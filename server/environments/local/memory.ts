import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/** What a process may grow or shrink by, in bytes, before its memory is measured anew. */
const NOTABLE_BYTES = 4 * 2 ** 20;
/** Measured anew after so long in any case: copies of shared pages are its own, and it does not grow by them. */
const LONGEST_MS = 3000;

/**
 * A process's own memory, which takes Linux milliseconds to measure, in which the process cannot map any: only when its
 * resident memory, which takes microseconds, has changed.
 */
export class OwnMemory {
  readonly #pid: number;
  readonly #measure: typeof privateMemory;
  readonly #resident: typeof residentPages;
  #bytes = 0;
  #residentThen: number | undefined;
  #measuredAt = 0;
  readonly #ticks: () => number;

  constructor(pid: number, { measure = privateMemory, resident = residentPages, ticks = () => performance.now() } = {}) {
    this.#pid = pid;
    this.#measure = measure;
    this.#resident = resident;
    this.#ticks = ticks;
  }

  /** 0 when it is gone. @param isRough what it grew by since it was measured is taken for its own: that takes microseconds */
  async bytes(isRough = false): Promise<number> {
    if (process.platform !== "linux") return await this.#measure(this.#pid);
    const resident = await this.#resident(this.#pid);
    if (isRough && resident > 0) return Math.max(0, this.#bytes + resident - (this.#residentThen ?? resident));
    const changed = Math.abs(resident - (this.#residentThen ?? Number.POSITIVE_INFINITY));
    const now = this.#ticks();
    if (resident > 0 && changed < NOTABLE_BYTES && now - this.#measuredAt < LONGEST_MS) return this.#bytes;
    this.#measuredAt = now;
    this.#residentThen = resident;
    this.#bytes = await this.#measure(this.#pid);
    return this.#bytes;
  }
}

/** Bytes of memory that are a process's own; what it shares with the process that it was forked from is not counted. 0 when it is gone. */
export async function privateMemory(pid: number): Promise<number> {
  if (process.platform !== "linux") return residentMemory(pid);
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => undefined);
  if (rollup === undefined) return residentPages(pid); // kernels before 4.14, and those that hide it
  let kilobytes = 0;
  for (const [, kb] of rollup.matchAll(/^Private_(?:Clean|Dirty): *(\d+) kB$/gm)) kilobytes += Number(kb);
  return kilobytes * 1024;
}

async function residentMemory(pid: number): Promise<number> {
  const { stdout } = await run("ps", ["-o", "rss=", "-p", String(pid)]).catch(() => ({ stdout: "0" }));
  return Number(stdout) * 1024;
}

async function residentPages(pid: number): Promise<number> {
  const [, pages] = (await readFile(`/proc/${pid}/statm`, "utf8").catch(() => "")).split(" ");
  return Number(pages ?? 0) * 4096;
}
