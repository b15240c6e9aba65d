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

/** Milliseconds of processor time a call, of the server and of all Python processes together. @param run does calls and gives how many */
export async function processorMsOf(server: number, run: () => Promise<number>): Promise<{ serverMs: number; workerMs: number }> {
  const pids = [server, ...(await pythonsOf(server))];
  const before = await used(pids);
  const calls = await run();
  const [serverMs = 0, ...others] = since(before, await used(pids)).map((ms) => ms / calls);
  return { serverMs, workerMs: others.reduce((sum, ms) => sum + ms, 0) };
}

/** Which process used most processor time while `work` ran. @throws Error when there is none */
export async function busiestDuring(pids: readonly number[], work: () => Promise<unknown>): Promise<number> {
  const before = await used(pids);
  await work();
  const ms = since(before, await used(pids));
  const busiest = pids[ms.indexOf(Math.max(...ms))];
  if (busiest === undefined) throw new Error("The bridge has no Python process.");
  return busiest;
}

function used(pids: readonly number[]): Promise<number[]> {
  return Promise.all(pids.map((pid) => processorMs([pid])));
}

function since(before: readonly number[], after: readonly number[]): number[] {
  // A worker that ended has used nothing more.
  return after.map((ms, index) => Math.max(0, ms - (before[index] ?? 0)));
}
