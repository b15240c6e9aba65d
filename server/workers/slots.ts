import { availableParallelism } from "node:os";

/** What a worker computes: fits never share a process with applies, and plain workers serve no version. */
export type Purpose = "fit" | "apply" | "plain";

/** How many calls of each purpose one caller's may compute at once. Apart, so that fits that never yield hold up no apply. */
export interface Slots extends Readonly<Record<Purpose, number>> {
  /** Those of its applies that compute on one version. */
  readonly perKey: number;
  /** Workers beyond so many end when they idle, the longest idle first. Unless said, as many as the system bears. */
  readonly idle?: number;
}

export function slotsFor(cores = availableParallelism()): Slots {
  return { fit: Math.max(2, cores), apply: Math.max(8, 2 * cores), plain: 2, perKey: Math.max(2, cores) };
}

/** What all callers may take together: more than one of them, so that somebody whose calls take long never has it all. */
export function together(share: number): number {
  return Math.ceil(share * 1.5);
}
