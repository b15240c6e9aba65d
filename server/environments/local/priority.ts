import { readdirSync, writeFileSync } from "node:fs";
import { constants, setPriority } from "node:os";

/** Workers compute below the bridge and its watcher, which keep their latency when all cores are busy (jupyter.md A). */
export const WORKER_NICE = 10;
/** Fits compute below applies, for which somebody waits. */
export const FIT_NICE = 15;

/**
 * Lowers a process, with the threads that it has by now; later ones inherit it. It stays so: raising needs a privilege.
 * Where each session is weighed as one (Linux's autogroup), its group is lowered, too: within it a priority means nothing to others.
 */
export function lower(pid: number, nice: number): void {
  const threads = attempt(() => readdirSync(`/proc/${pid}/task`).map(Number)) ?? [pid];
  for (const thread of threads) attempt(() => setPriority(thread, Math.min(nice, constants.priority.PRIORITY_LOW)));
  if (process.platform === "linux") attempt(() => writeFileSync(`/proc/${pid}/autogroup`, String(nice)));
}

/** Undefined when it cannot be done: the process ended already, or the system knows nothing of the kind. */
function attempt<T>(step: () => T): T | undefined {
  try {
    return step();
  } catch {
    return undefined;
  }
}
