import { readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock, Log } from "#contract/edges.ts";
import type { WorkerCall, WorkerEvent } from "#contract/worker.ts";
import type { WorkerSpec } from "../../../runtimes/runtime.ts";
import type { CallSink } from "../../../server/workers/call.ts";

export const quiet: Log = { info() {}, warn() {}, error() {} };
export const clock: Clock = { now: () => new Date().toISOString(), ticks: () => performance.now() };
export const never = new AbortController().signal;

/** A Node process that speaks the protocol. */
export function fixtureSpec(label = "fixture", ...flags: string[]): WorkerSpec {
  return {
    label,
    command: [process.execPath, join(import.meta.dirname, "fixture-worker.mjs"), ...flags],
    env: { ONLY: "this" },
    folder: tmpdir(),
  };
}

export function callOf(method: string, param: unknown = {}): WorkerCall {
  const input = { format: "csv", fields: null, types: null, untyped: "guess", rowWise: false, dropMultivalue: false, file: null } as const;
  return {
    ...{ run: "run-1", method, strict: false, param: JSON.stringify(param), model: null, stage: null },
    input: { ...input, segments: [] },
    output: { format: "csv", append: false },
  };
}

/** A sink that keeps everything. */
export function keeping() {
  const tables: Buffer[] = [];
  const events: WorkerEvent[] = [];
  const sink: CallSink = { event: (each) => void events.push(each), table: (each) => void tables.push(each) };
  return {
    sink,
    events,
    text: () => Buffer.concat(tables).toString(),
    logs: () => events.flatMap((each) => (each.event === "log" ? [each.text] : [])),
  };
}

/** Whether a process is there and no zombie. */
export function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
}

/** The priority of a process with all its threads: the lowest number of any. */
export function niceOf(pid: string | null): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const nices = threads.map((each) => readFileSync(`/proc/${pid}/task/${each}/stat`, "latin1").split(") ")[1]?.split(" ")[16]);
  return Math.min(...nices.map(Number));
}

/** Whether a process has closed its files, too: the threads of one that is being killed may outlive its first. */
export function isClosed(pid: number): boolean {
  try {
    return !isAlive(pid) && readdirSync(`/proc/${pid}/task`).length === 1;
  } catch {
    return true;
  }
}

/** Processes below this one that are no zombies; the test runner has none of its own in a worker of it. */
export function descendants(): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc").filter((each) => /^\d+$/.test(each))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "latin1");
      const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      if (state !== "Z") parents.set(Number(name), Number(parent));
    } catch {
      // It ended meanwhile.
    }
  }
  const isBelow = (pid: number): boolean => {
    const parent = parents.get(pid);
    return parent === process.pid || (parent !== undefined && parent > 1 && isBelow(parent));
  };
  return [...parents.keys()].filter(isBelow);
}

/** Looks until it is so; the runner's limit ends a test in which it never is. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 5));
}
