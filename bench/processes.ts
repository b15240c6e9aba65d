import { readdir, readFile, readlink, writeFile } from "node:fs/promises";

/** Linux counts processor time in hundredths of a second. */
const TICK_MS = 10;

/** Ids of a process and of all below it. */
export async function tree(pid: number): Promise<number[]> {
  const below = await Promise.all((await children(pid)).map(tree));
  return [pid, ...below.flat()];
}

/** Ids of a process's own children, by whichever of its threads. */
export async function children(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, "utf8").catch(() => ""));
  return (await Promise.all(lists)).flatMap((list) => list.split(" ").filter(Boolean).map(Number));
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

/** A process's memory: MB resident before, and how far it grew to its own peak since. Of those started since only what is their own counts: they are forked. */
export interface Grown {
  readonly isNode: boolean;
  readonly before: number;
  readonly grown: number;
}

/**
 * Begins to watch the memory of a side's processes: their peaks so far are forgotten. What it gives tells what became of them.
 *
 * @param idle what processes had at another time, to be counted from; it learns of those that it does not know
 */
export async function watchMemory(pid: number, idle = new Map<number, number>()): Promise<() => Promise<readonly Grown[]>> {
  const before = idle;
  for (const each of await tree(pid)) {
    await writeFile(`/proc/${each}/clear_refs`, "5").catch(() => {});
    if (!before.has(each)) before.set(each, await memory(each, "VmRSS"));
  }
  return async () =>
    Promise.all(
      (await tree(pid)).map(async (each) => {
        const had = before.get(each);
        const grown = had === undefined ? await privateMb(each) : Math.max(0, (await memory(each, "VmHWM")) - had);
        return { isNode: (await programOf(each)).endsWith("/node"), before: had ?? 0, grown };
      }),
    );
}

/** MB of a process that it shares with no other. */
export async function privateMb(pid: number): Promise<number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => "");
  const parts = [...rollup.matchAll(/^Private_(?:Clean|Dirty):\s+(\d+) kB$/gm)];
  return parts.reduce((sum, [, kb]) => sum + Number(kb), 0) / 1024;
}

/** The path of a process's program. */
export async function programOf(pid: number): Promise<string> {
  return readlink(`/proc/${pid}/exe`).catch(() => "");
}

/** MB of a line of the process's status. */
async function memory(pid: number, line: "VmRSS" | "VmHWM"): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Number(new RegExp(`^${line}:\\s+(\\d+) kB$`, "m").exec(status)?.[1] ?? 0) / 1024;
}
