import { livingOf } from "./living.ts";
import { type Doomed, Sweeps } from "./sweeps.ts";

/** An empty mark would be found everywhere. */
const SHORTEST_MARK = 8;

const sweeps = new Sweeps();

/**
 * Kills the process that leads the session `leader`, what else is in its session, and what descends from these;
 * resolves when none is left. A descendant that left the session and lost its parent is found by its mark alone.
 * Where there is no /proc, the process group alone.
 *
 * @param options.isGone the leader ended already: its id may soon be another's, and is left alone
 * @param options.mark a text that stands in the environment of what the leader started, and of nothing else
 * @param options.unmarked ids of processes that are known to bear no mark of this kind
 */
export async function killSession(
  leader: number,
  { isGone = false, mark, unmarked = new Set() }: { isGone?: boolean; mark?: string | undefined; unmarked?: Doomed["unmarked"] } = {},
): Promise<void> {
  if (leader <= 1) return; // these would mean our own group, or all processes
  const itself = isGone ? undefined : livingOf(leader);
  // What bears its mark was started after it.
  await sweeps.end({ leader, known: itself ? [itself] : [], mark: checked(mark), since: itself?.since ?? 0, isStranger: false, unmarked });
}

/**
 * Kills every process whose environment holds `mark`, and what descends from these, however they came to lose their
 * parents, and whoever started them; resolves when none is left. Does nothing where there is no /proc.
 */
export async function killMarked(mark: string): Promise<void> {
  await sweeps.end({ leader: undefined, known: [], mark: checked(mark), since: 0, isStranger: true, unmarked: new Set() });
}

function checked(mark: string | undefined): string | undefined {
  if (mark !== undefined && mark.length < SHORTEST_MARK)
    throw new Error(`"${mark}" would stand in the environment of processes that are not ours`);
  return mark;
}
