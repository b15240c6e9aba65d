import { closeSync, openSync, readSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { setImmediate as pause, setTimeout as sleep } from "node:timers/promises";
import { signalGroup, signalProcess } from "./started-process.ts";

interface Living {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
  /** In the system's ticks since it was started. */
  readonly since: number;
}

const POLL_MS = 10;
/** How long those that were killed are waited for before all are looked through again: what they started meanwhile is killed, too. */
const POLLS = 10;
/** Processes that are looked at before others have their turn. */
const AT_ONCE = 16;
/** Environments that are read at once, of whomever: hundreds of workers that end together would need more files than a process may have. */
const MOST_OPENED = 64;
/** An empty mark would be found everywhere. */
const SHORTEST_MARK = 8;
/** Room for a line of /proc/<pid>/stat, several times. One for all: readFileSync takes 64 kB anew for each, which is collected soon and often. */
const line = Buffer.alloc(4096);

/**
 * Kills the process that leads the session `leader`, what else is in its session, and what descends from these;
 * resolves when none is left. A descendant that left the session and lost its parent is found by its mark alone.
 * Where there is no /proc, the process group alone.
 *
 * @param options.isGone the leader ended already: its id may soon be another's, and is left alone
 * @param options.mark a text that stands in the environment of what the leader started, and of nothing else
 */
export async function killSession(
  leader: number,
  { isGone = false, mark }: { isGone?: boolean; mark?: string | undefined } = {},
): Promise<void> {
  if (leader <= 1) return; // these would mean our own group, or all processes
  const known = new Set<number>(isGone ? [] : [leader]);
  // What bears its mark was started after it.
  const since = isGone ? 0 : (read(String(leader))?.since ?? 0);
  for (;;) {
    // The tree is read before its root dies: afterwards orphans have no parent to be found by.
    const members = await membersOf((each) => each.session === leader, mark, known, since);
    signalGroup(leader, "SIGKILL");
    if (members.length === 0) return;
    for (const pid of members) signalProcess(pid, "SIGKILL");
    await allGone(members);
  }
}

/**
 * Kills every process whose environment holds `mark`, and what descends from these, however they came to lose their
 * parents; resolves when none is left. Does nothing where there is no /proc.
 */
export async function killMarked(mark: string): Promise<void> {
  const known = new Set<number>();
  for (;;) {
    const members = await membersOf(() => false, mark, known);
    if (members.length === 0) return;
    for (const pid of members) signalProcess(pid, "SIGKILL");
    await allGone(members);
  }
}

/** Whether a process is there; also a zombie where there is no /proc. */
export function isLiving(pid: number): boolean {
  if (read(String(process.pid))) return read(String(pid)) !== undefined;
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Resolves when all of these have ended, or after a while. */
async function allGone(members: readonly number[]): Promise<void> {
  for (let poll = 0; poll < POLLS; poll++) {
    await sleep(POLL_MS);
    if (!members.some((pid) => read(String(pid)))) return;
  }
}

/**
 * Those alive of `known`, of those wanted or marked, and of their descendants; all are added to `known`. Never what we run in.
 *
 * @param since what was started before bears no mark
 */
async function membersOf(isWanted: (each: Living) => boolean, mark: string | undefined, known: Set<number>, since = 0): Promise<number[]> {
  const found = await allLiving();
  const spared = ancestorsOf(process.pid, found);
  for (const each of found) if (isWanted(each)) known.add(each.pid);
  if (mark !== undefined) {
    if (mark.length < SHORTEST_MARK) throw new Error(`"${mark}" would stand in the environment of processes that are not ours`);
    const young = found.filter((each) => each.since >= since);
    await Promise.all(young.map(async ({ pid }) => void ((await environmentOf(pid)).includes(mark) && known.add(pid))));
  }
  for (const pid of spared) known.delete(pid);
  for (let before = -1; before !== known.size; ) {
    before = known.size;
    for (const { pid, parent } of found) if (known.has(parent) && !spared.has(pid)) known.add(pid);
  }
  return found.filter(({ pid }) => known.has(pid)).map(({ pid }) => pid);
}

/** A process and all above it: a bridge may have been started from what an earlier one left behind. */
function ancestorsOf(pid: number, living: readonly Living[]): Set<number> {
  const parents = new Map(living.map((each) => [each.pid, each.parent]));
  const found = new Set<number>();
  for (let at: number | undefined = pid; at !== undefined && !found.has(at); at = parents.get(at)) found.add(at);
  return found;
}

let opened = 0;
const waiting: (() => void)[] = [];

/** As it was when the process began its program; empty for those that are not ours to see. */
async function environmentOf(pid: number): Promise<string> {
  if (opened < MOST_OPENED) opened++;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  try {
    return await readFile(`/proc/${pid}/environ`, "latin1").catch(() => "");
  } finally {
    const next = waiting.shift(); // it has the place of this one
    if (next) next();
    else opened--;
  }
}

/** All that are alive. Read without promises, which would cost five times what the reading does; it waits for no disk. */
async function allLiving(): Promise<Living[]> {
  const names = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));
  const found: Living[] = [];
  for (const [index, name] of names.entries()) {
    const living = read(name);
    if (living) found.push(living);
    if (index % AT_ONCE === AT_ONCE - 1) await pause();
  }
  return found;
}

/** Undefined when it is gone, or a zombie that nobody reaped. */
function read(name: string): Living | undefined {
  const stat = statOf(name);
  if (stat === undefined) return undefined;
  // The program's name stands in brackets and may hold anything, brackets included.
  const rest = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, parent, , session] = rest;
  if (state === "Z" || state === "X") return undefined;
  return { pid: Number(name), parent: Number(parent), session: Number(session), since: Number(rest[19]) };
}

/** Undefined when it is gone. */
function statOf(name: string): string | undefined {
  let file: number | undefined;
  try {
    file = openSync(`/proc/${name}/stat`, "r");
    return line.toString("latin1", 0, readSync(file, line));
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
