import { readFileSync } from "node:fs";
import type { Activity } from "../environment.ts";

/** How the kernel counts for programs, whatever it does itself: `getconf CLK_TCK`. */
const TICK_MS = 10;
/** Wants the processor, or waits for the disk (proc_pid_stat(5)). */
const BUSY_STATES = ["R", "D"];

/** What a process does; undefined where there is no /proc, or no such process. In this tick: it takes microseconds. */
export function activityOf(pid: number): Activity | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name before may hold anything.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [state = "", user, system] = [fields[0], fields[11], fields[12]];
    return { isBusy: BUSY_STATES.includes(state), processorMs: (Number(user) + Number(system)) * TICK_MS };
  } catch {
    return undefined;
  }
}
