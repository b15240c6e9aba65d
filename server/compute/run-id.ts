import { randomFillSync } from "node:crypto";

const RANDOM_BYTES = 8;
const DIGITS = 2 * RANDOM_BYTES;
/** Drawn for many ids at once: each draw is a system call. */
const pool = Buffer.alloc(RANDOM_BYTES * 512);
let hex = "";
let used = 0;
/** The time as ids tell it; written again each millisecond. */
let ms = Number.NaN;
let time = "";

/** Ids of runs: time-ordered (milliseconds in base 36) and unguessable (64 random bits, each used once). */
export function newRunId(): string {
  if (used === hex.length) {
    hex = randomFillSync(pool).toString("hex");
    used = 0;
  }
  const now = Date.now();
  if (now !== ms) {
    ms = now;
    time = `${now.toString(36).padStart(9, "0")}-`;
  }
  used += DIGITS;
  return time + hex.slice(used - DIGITS, used);
}
