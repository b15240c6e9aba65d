import { closeSync, openSync, readSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { setImmediate as pause } from "node:timers/promises";

/** A process that is alive (proc(5), /proc/<pid>/stat). */
export interface Living {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
  /** When it began, in the system's ticks since that was started. With its id it is one process for ever. */
  readonly since: number;
}

/** Processes that are looked at before others have their turn. */
const AT_ONCE = 16;
/** Environments that are read at once: a process may have so many files open, and not hundreds more. */
const MOST_OPENED = 64;
/** Room for a line of /proc/<pid>/stat, several times. One for all: readFileSync takes 64 kB anew for each, which is collected soon and often. */
const line = Buffer.alloc(4096);

/** All that are alive; none where there is no /proc. Read without promises, which would cost five times what the reading does; it waits for no disk. */
export async function allLiving(): Promise<Living[]> {
  const names = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));
  const found: Living[] = [];
  for (const [index, name] of names.entries()) {
    const living = livingOf(Number(name));
    if (living) found.push(living);
    if (index % AT_ONCE === AT_ONCE - 1) await pause();
  }
  return found;
}

/** Undefined when it is gone, or a zombie that nobody reaped, and where there is no /proc. */
export function livingOf(pid: number): Living | undefined {
  const stat = statOf(pid);
  if (stat === undefined) return undefined;
  // The program's name stands in brackets and may hold anything, brackets included.
  const rest = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, parent, , session] = rest;
  if (state === "Z" || state === "X") return undefined;
  return { pid, parent: Number(parent), session: Number(session), since: Number(rest[19]) };
}

/** Whether a process is there; also a zombie where there is no /proc. */
export function isLiving(pid: number): boolean {
  if (livingOf(process.pid)) return livingOf(pid) !== undefined;
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** A process and all above it. */
export function ancestorsOf(pid: number, living: readonly Living[]): Set<number> {
  const parents = new Map(living.map((each) => [each.pid, each.parent]));
  const found = new Set<number>();
  for (let at: number | undefined = pid; at !== undefined && !found.has(at); at = parents.get(at)) found.add(at);
  return found;
}

/** The environments of these, as each was when the process began its program; empty for those that are not ours to see. */
export async function environmentsOf(living: readonly Living[]): Promise<Map<Living, string>> {
  const found = new Map<Living, string>();
  const left = living.values();
  const readOn = async () => {
    for (const each of left) found.set(each, await readFile(`/proc/${each.pid}/environ`, "latin1").catch(() => ""));
  };
  await Promise.all(Array.from({ length: MOST_OPENED }, readOn));
  return found;
}

/** Undefined when it is gone. */
function statOf(pid: number): string | undefined {
  let file: number | undefined;
  try {
    file = openSync(`/proc/${pid}/stat`, "r");
    return line.toString("latin1", 0, readSync(file, line));
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
