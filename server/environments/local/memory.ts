import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Bytes of memory that are a process's own; what it shares with the process that it was forked from is not counted. 0 when it is gone. */
export async function privateMemory(pid: number): Promise<number> {
  if (process.platform !== "linux") return residentMemory(pid);
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => undefined);
  if (rollup === undefined) return residentPages(pid); // kernels before 4.14, and those that hide it
  let kilobytes = 0;
  for (const [, kb] of rollup.matchAll(/^Private_(?:Clean|Dirty): *(\d+) kB$/gm)) kilobytes += Number(kb);
  return kilobytes * 1024;
}

async function residentMemory(pid: number): Promise<number> {
  const { stdout } = await run("ps", ["-o", "rss=", "-p", String(pid)]).catch(() => ({ stdout: "0" }));
  return Number(stdout) * 1024;
}

async function residentPages(pid: number): Promise<number> {
  const [, pages] = (await readFile(`/proc/${pid}/statm`, "utf8").catch(() => "")).split(" ");
  return Number(pages ?? 0) * 4096;
}
