import { readFile, writeFile } from "node:fs/promises";

/** Linux counts processor time in hundredths of a second. */
const TICK_MS = 10;

/** Ids of a process and of all below it. */
export async function tree(pid: number): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
  const below = await Promise.all(
    children
      .split(" ")
      .filter(Boolean)
      .map((each) => tree(Number(each))),
  );
  return [pid, ...below.flat()];
}

/** Milliseconds of processor time that the processes have used so far, and their children that ended. */
export async function processorMs(pids: readonly number[]): Promise<number> {
  const used = pids.map(async (pid) => {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    // After the name, which may hold blanks: utime, stime, cutime and cstime are the 12th to 15th.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields.slice(11, 15).reduce((sum, each) => sum + Number(each), 0) * TICK_MS;
  });
  return (await Promise.all(used)).reduce((sum, each) => sum + each, 0);
}

/**
 * Begins to watch the memory of a side's processes: their peaks so far are forgotten. What it gives tells how many MB
 * they grew above what they had, each to its own peak, added up; those started since count whole.
 */
export async function watchMemory(pid: number): Promise<() => Promise<number>> {
  const before = new Map<number, number>();
  for (const each of await tree(pid)) {
    await writeFile(`/proc/${each}/clear_refs`, "5").catch(() => {});
    before.set(each, await memory(each, "VmRSS"));
  }
  return async () => {
    let grown = 0;
    for (const each of await tree(pid)) grown += Math.max(0, (await memory(each, "VmHWM")) - (before.get(each) ?? 0));
    return grown;
  };
}

/** MB of a line of the process's status. */
async function memory(pid: number, line: "VmRSS" | "VmHWM"): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Number(new RegExp(`^${line}:\\s+(\\d+) kB$`, "m").exec(status)?.[1] ?? 0) / 1024;
}
