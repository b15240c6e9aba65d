import { randomFillSync } from "node:crypto";

const RANDOM_BYTES = 8;
/** Drawn for many ids at once: each draw is a system call. */
const pool = Buffer.alloc(RANDOM_BYTES * 512);
let used = pool.length;

/** Ids of runs: time-ordered (milliseconds in base 36) and unguessable (64 random bits, each used once). */
export function newRunId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += RANDOM_BYTES;
  return `${Date.now().toString(36).padStart(9, "0")}-${pool.toString("hex", used - RANDOM_BYTES, used)}`;
}
