import { readlink } from "node:fs/promises";
import { processorMs, tree } from "../processes.ts";

/** The Python processes below a process. */
export async function pythonsOf(pid: number): Promise<number[]> {
  const pythons: number[] = [];
  for (const each of await tree(pid)) {
    const program = await readlink(`/proc/${each}/exe`).catch(() => "");
    if (program.includes("python")) pythons.push(each);
  }
  return pythons;
}

/** Processor time that a process and its ended children used so far, in ms. */
export async function usedMs(pid: number): Promise<number> {
  return processorMs([pid]);
}

/** What used most processor time while `work` ran. @throws Error when there is none */
export async function busiestDuring(pids: readonly number[], work: () => Promise<unknown>): Promise<number> {
  const before = await Promise.all(pids.map(usedMs));
  await work();
  const after = await Promise.all(pids.map(usedMs));
  const used = pids.map((pid, index) => ({ pid, ms: (after[index] ?? 0) - (before[index] ?? 0) }));
  const [busiest] = used.toSorted((a, b) => b.ms - a.ms);
  if (!busiest) throw new Error("The bridge has no Python process.");
  return busiest.pid;
}
