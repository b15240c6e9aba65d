import { readdir, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { signalGroup, signalProcess } from "./started-process.ts";

interface Living {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
}

const POLL_MS = 10;

/**
 * Kills the process that leads the session `leader`, what else is in its session, and what descends from these;
 * resolves when none is left. A descendant that left the session and lost its parent cannot be found.
 * Where there is no /proc, the process group alone.
 *
 * @param isGone the leader ended already: its id may soon be another's, and is left alone
 */
export async function killSession(leader: number, { isGone = false } = {}): Promise<void> {
  if (leader <= 1) return; // these would mean our own group, or all processes
  const known = new Set<number>(isGone ? [] : [leader]);
  for (;;) {
    // The tree is read before its root dies: afterwards orphans have no parent to be found by.
    const members = await membersOf(leader, known);
    if (members.length === 0) return void signalGroup(leader, "SIGKILL");
    signalGroup(leader, "SIGKILL");
    for (const pid of members) signalProcess(pid, "SIGKILL");
    await sleep(POLL_MS);
  }
}

/** Those alive of `known`, of the session, and of their descendants; all are added to `known`. */
async function membersOf(leader: number, known: Set<number>): Promise<number[]> {
  const names = await readdir("/proc").catch(() => []);
  const living = await Promise.all(names.filter((name) => /^\d+$/.test(name)).map(read));
  const found = living.filter((each) => each !== undefined);
  for (let before = -1; before !== known.size; ) {
    before = known.size;
    for (const { pid, parent, session } of found) if (session === leader || known.has(parent)) known.add(pid);
  }
  return found.filter(({ pid }) => known.has(pid)).map(({ pid }) => pid);
}

/** Undefined when it is gone, or a zombie that nobody reaped. */
async function read(name: string): Promise<Living | undefined> {
  const stat = await readFile(`/proc/${name}/stat`, "latin1").catch(() => "");
  // The program's name stands in brackets and may hold anything, brackets included.
  const [state, parent, , session] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (!stat || state === "Z" || state === "X") return undefined;
  return { pid: Number(name), parent: Number(parent), session: Number(session) };
}
