import type { Purpose } from "./slots.ts";
import type { Asking, Turns } from "./turns.ts";
import type { Given, UnderWay } from "./under-way.ts";

export interface PoolSnapshot {
  readonly queues: readonly { readonly algorithm: string; readonly waiting: number; readonly running: number }[];
  readonly workers: readonly { readonly key: string; readonly purpose: Purpose; readonly pid: number; readonly isBusy: boolean }[];
  /** How many workers ended unasked, or were ended, by reason. */
  readonly restarts: Readonly<Record<string, number>>;
}

/** How many calls of each algorithm wait, those that were sent ahead among them, and how many compute. */
export function queuesOf<T extends Given & { readonly request: Asking }>(turns: Turns<T>, underWay: UnderWay<T>): PoolSnapshot["queues"] {
  const counts = new Map([...turns.counts()].map(([algorithm, waiting]) => [algorithm, { algorithm, waiting, running: 0 }]));
  const count = ({ request: { algorithm } }: T, what: "waiting" | "running") => {
    const known = counts.get(algorithm) ?? { algorithm, waiting: 0, running: 0 };
    counts.set(algorithm, { ...known, [what]: known[what] + 1 });
  };
  for (const entry of underWay.computing()) count(entry, "running");
  for (const [, entries] of underWay.ahead()) for (const entry of entries) count(entry, "waiting");
  return [...counts.values()];
}
