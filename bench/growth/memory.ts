import { readFile, readlink, writeFile } from "node:fs/promises";
import { tree } from "../processes.ts";
import type { Column } from "./curve.ts";

/** MB of the server and of all Python processes (the warm one and the workers) together. */
export interface Memory {
  readonly nodeRss: number;
  readonly nodePrivate: number;
  readonly pythons: number;
  readonly pythonRss: number;
  readonly pythonPrivate: number;
}

/** Pages that forked workers share count in each one's RSS; what is private is what one more costs. */
export const memoryColumns: readonly Column[] = [
  { key: "nodeRss", title: "server RSS, MB", panel: "MB" },
  { key: "nodePrivate", title: "server private, MB", panel: null },
  { key: "pythons", title: "Python processes", panel: null },
  { key: "pythonRss", title: "Python RSS, MB", panel: null },
  { key: "pythonPrivate", title: "Python private, MB", panel: "MB" },
];

export async function memoryOf(pid: number): Promise<Memory> {
  const sum = { nodeRss: 0, nodePrivate: 0, pythons: 0, pythonRss: 0, pythonPrivate: 0 };
  for (const each of await tree(pid)) {
    const lines = await readFile(`/proc/${each}/smaps_rollup`, "utf8").catch(() => "");
    const rss = mb(lines, "Rss");
    const own = mb(lines, "Private_Clean") + mb(lines, "Private_Dirty");
    if (await isNode(each)) {
      sum.nodeRss += rss;
      sum.nodePrivate += own;
    } else if (lines !== "") {
      sum.pythons++;
      sum.pythonRss += rss;
      sum.pythonPrivate += own;
    }
  }
  return sum;
}

/** Peaks of RSS since `watchPeaks`, in MB: of the server, and of the Python process that grew most. */
export interface Peaks {
  readonly nodePeak: number;
  readonly workerPeak: number;
}

/** Forgets the processes' peaks so far; what it gives reads those since. */
export async function watchPeaks(pid: number): Promise<() => Promise<Peaks>> {
  for (const each of await tree(pid)) await writeFile(`/proc/${each}/clear_refs`, "5").catch(() => {});
  return async () => {
    const peaks = { nodePeak: 0, workerPeak: 0 };
    for (const each of await tree(pid)) {
      const peak = mb(await readFile(`/proc/${each}/status`, "utf8").catch(() => ""), "VmHWM");
      const key = (await isNode(each)) ? "nodePeak" : "workerPeak";
      peaks[key] = Math.max(peaks[key], peak);
    }
    return peaks;
  };
}

async function isNode(pid: number): Promise<boolean> {
  return (await readlink(`/proc/${pid}/exe`).catch(() => "")).endsWith("/node");
}

function mb(lines: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(lines)?.[1] ?? 0) / 1024;
}
