import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";

/** So many workers may idle on any machine. */
const LEAST = 32;
/** Each is looked at now and then. */
const MOST = 2048;
/** Of what the system allows, idle workers take one part of so many: calls, kernels and others need theirs. */
const PARTS = 4;
/** A worker has threads of its own, and of each of two libraries as many as there are cores. */
const threadsOf = (cores: number) => 4 + 2 * cores;
/** Files that the bridge has open for a worker: its stream, its permits, and room. */
const FILES_A_WORKER = 5;
/** Where the system does not tell. */
const USUAL = { threads: 8192, files: 4096 };

/** What the system lets the bridge and all that it starts have. */
export interface Allowed {
  readonly threads: number;
  /** That one process may have open. */
  readonly files: number;
}

/** How many workers may idle by what the system allows. How much memory they have is measured besides. */
export function mostIdle({ threads, files }: Allowed = allowed(), cores = availableParallelism()): number {
  const most = Math.floor(Math.min(threads / threadsOf(cores), files / FILES_A_WORKER) / PARTS);
  return Math.min(MOST, Math.max(LEAST, most));
}

/**
 * The least of what the process's own limits, the kernel and the control groups above us say (proc(5), cgroups(7), both versions).
 *
 * @param system where /proc and /sys are
 */
export function allowed(system = "/"): Allowed {
  const limits = textOf(join(system, "proc/self/limits"));
  const own = textOf(join(system, "proc/self/cgroup"));
  const groups = [
    ...fromRoot(join(system, "sys/fs/cgroup"), /^0::(\/.*)$/m.exec(own)?.[1]),
    ...fromRoot(join(system, "sys/fs/cgroup/pids"), /^\d+:pids:(\/.*)$/m.exec(own)?.[1]),
  ].map((folder) => textOf(join(folder, "pids.max")));
  const kernel = ["threads-max", "pid_max"].map((name) => textOf(join(system, "proc/sys/kernel", name)));
  const threads = [limits.match(/^Max processes +(\d+)/m)?.[1], ...kernel, ...groups];
  return { threads: least(threads, USUAL.threads), files: least([limits.match(/^Max open files +(\d+)/m)?.[1]], USUAL.files) };
}

/** A control group's folder and all above it. In a container the path may be that of the host: then only the root is there. */
function fromRoot(root: string, path = "/"): string[] {
  const folders = [root];
  for (const name of path.split("/").filter((each) => each !== "" && each !== "..")) folders.push(join(folders.at(-1) ?? root, name));
  return folders;
}

/** Of what is a number; "max" and "unlimited" are none. */
function least(texts: readonly (string | undefined)[], otherwise: number): number {
  const known = texts.map((text) => Number.parseInt(text ?? "", 10)).filter(Number.isFinite);
  return known.length === 0 ? otherwise : Math.min(...known);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
