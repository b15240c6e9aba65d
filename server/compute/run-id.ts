import { randomBytes } from "node:crypto";

/** Ids of runs: time-ordered (milliseconds in base 36) and unguessable (64 random bits). */
export function newRunId(): string {
  return `${Date.now().toString(36).padStart(9, "0")}-${randomBytes(8).toString("hex")}`;
}
