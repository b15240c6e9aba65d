import { availableParallelism } from "node:os";

/** What a worker computes: fits never share a process with applies, and plain workers serve no version. */
export type Purpose = "fit" | "apply" | "plain";

/** How many calls of each purpose compute at once. Apart, so that fits that never yield hold up no apply. */
export interface Slots extends Readonly<Record<Purpose, number>> {
  /** Workers that serve one version's applies, at most. */
  readonly perKey: number;
}

export function slotsFor(cores = availableParallelism()): Slots {
  return { fit: Math.max(2, cores), apply: Math.max(8, 2 * cores), plain: 2, perKey: Math.max(2, Math.min(cores, 4)) };
}
