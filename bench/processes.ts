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

/** Forgets the peaks so far: the next `peakMb` is that of what comes now. Needs processes of one's own user. */
export async function forgetPeaks(pids: readonly number[]): Promise<void> {
  await Promise.all(pids.map((pid) => writeFile(`/proc/${pid}/clear_refs`, "5").catch(() => {})));
}

/** The most memory that the processes had resident, each at its own peak, added up in MB: pages that they share count in each. */
export async function peakMb(pids: readonly number[]): Promise<number> {
  const peaks = pids.map(async (pid) => {
    const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024;
  });
  return (await Promise.all(peaks)).reduce((sum, each) => sum + each, 0);
}
