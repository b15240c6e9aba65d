import { readdirSync, writeFileSync } from "node:fs";
import { constants, setPriority } from "node:os";

/** Workers compute below the bridge and its watcher, which keep their latency when all cores are busy (jupyter.md A). */
export const WORKER_NICE = 10;
/** Fits compute below applies, for which somebody waits. */
const FIT_NICE = 15;

/**
 * Lowers the leader of a session, with the threads that it has by now; later ones inherit it. It stays so: raising needs a
 * privilege. Where Linux weighs each session as one (autogroup), a process's priority means nothing to other sessions, so
 * the session's is lowered as well. (A worker that was forked has done that by itself.)
 */
export function lower(pid: number, nice: number): void {
  const threads = attempt(() => readdirSync(`/proc/${pid}/task`).map(Number)) ?? [pid];
  for (const thread of threads) attempt(() => setPriority(thread, Math.min(nice, constants.priority.PRIORITY_LOW)));
  if (process.platform === "linux") attempt(() => writeFileSync(`/proc/${pid}/autogroup`, String(nice)));
}

/** Lowers a worker below others. */
export function lowerFit(pid: number): void {
  lower(pid, FIT_NICE);
}

/** Undefined when it cannot be done: the process ended already, or the system knows nothing of the kind. */
function attempt<T>(step: () => T): T | undefined {
  try {
    return step();
  } catch {
    return undefined;
  }
}
