import { readFileSync } from "node:fs";

/** How the kernel counts for programs, whatever it does itself: `getconf CLK_TCK`. */
const TICK_MS = 10;

/** Processor time of all threads of a process so far, in ms; undefined where there is no /proc, or no such process. In this tick: it takes microseconds. */
export function processorMs(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name before may hold anything (proc_pid_stat(5)).
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  } catch {
    return undefined;
  }
}
