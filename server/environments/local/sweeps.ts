import { setTimeout as sleep } from "node:timers/promises";
import { allLiving, ancestorsOf, environmentsOf, type Living, livingOf } from "./living.ts";
import { signalGroup, signalProcess } from "./started-process.ts";

const POLL_MS = 10;
/** How often those that were killed are looked for before all are looked through again: what they started meanwhile is killed, too. */
const POLLS = 10;
/** Where thousands of processes live, a look is followed by a rest of so many times its own length, at most so long: calls come first. */
const REST = 3;
const LONGEST_REST_MS = 250;

/** What is to end: a process, what else is in its session, what bears a mark, and what descends from these. */
export interface Doomed {
  /** Its session and its process group. */
  readonly leader: number | undefined;
  readonly known: readonly Living[];
  /** Stands in the environment of what belongs to it, and of nothing else. */
  readonly mark: string | undefined;
  /** What began before it, in the system's ticks, bears no mark. */
  readonly since: number;
  /** Whether it was started by a process that is not this one: what lost its parents may be anybody's child. */
  readonly isStranger: boolean;
  /** Ids of processes that are known to bear no mark; to ask each for its environment takes long where they are many. */
  readonly unmarked: { has(pid: number): boolean };
}

interface Order extends Doomed {
  /** When each process that belongs to it began, by its id. */
  readonly members: Map<number, number>;
  readonly ended: PromiseWithResolvers<void>;
  /** Those that were killed at the last look. */
  killed: readonly Living[];
  polls: number;
}

/**
 * Ends processes with all that belongs to them. All of /proc is looked through, since whoever lost its parents stands
 * nowhere else; so whoever is to end meanwhile waits for the next look, which serves them all.
 */
export class Sweeps {
  readonly #orders = new Set<Order>();
  #isSweeping = false;

  /** Resolves when nothing of it is left. */
  end(doomed: Doomed): Promise<void> {
    const members = new Map(doomed.known.map(({ pid, since }) => [pid, since]));
    const order: Order = { ...doomed, members, ended: Promise.withResolvers(), killed: [], polls: 0 };
    this.#orders.add(order);
    if (!this.#isSweeping) void this.#sweep();
    return order.ended.promise;
  }

  async #sweep(): Promise<void> {
    this.#isSweeping = true;
    while (this.#orders.size > 0) {
      const began = performance.now();
      const due = [...this.#orders].filter(isDue);
      if (due.length > 0) await this.#look(due);
      if (this.#orders.size > 0) await sleep(Math.min(LONGEST_REST_MS, Math.max(POLL_MS, REST * (performance.now() - began))));
    }
    this.#isSweeping = false;
  }

  /** The tree is read before its root dies: afterwards orphans have no parent to be found by. */
  async #look(orders: readonly Order[]): Promise<void> {
    const living = await allLiving();
    const spared = ancestorsOf(process.pid, living); // a bridge may have been started from what an earlier one left behind
    const marked = await environmentsOf(living.filter(mayBeMarked(orders, living, spared)));
    const byParent = Map.groupBy(living, (each) => each.parent);
    for (const order of orders) {
      const { leader, mark, members, since } = order;
      const isMarked = (each: Living) => mark !== undefined && each.since >= since && marked.get(each)?.includes(mark);
      const isHead = (each: Living) => members.get(each.pid) === each.since || each.session === leader || isMarked(each);
      const found = new Set<Living>();
      // It grows while it is gone through: a set gives what is added meanwhile, too.
      const add = (each: Living | undefined) => each && !spared.has(each.pid) && found.add(each);
      living.filter(isHead).forEach(add);
      for (const { pid } of found) byParent.get(pid)?.forEach(add);
      this.#kill(order, [...found]);
    }
  }

  #kill(order: Order, found: readonly Living[]): void {
    if (order.leader !== undefined) signalGroup(order.leader, "SIGKILL");
    for (const { pid, since } of found) {
      order.members.set(pid, since);
      signalProcess(pid, "SIGKILL");
    }
    order.killed = found;
    order.polls = 0;
    if (found.length > 0) return;
    this.#orders.delete(order);
    order.ended.resolve();
  }
}

/** Whether those that were killed have ended, or a while has passed. */
function isDue(order: Order): boolean {
  return order.polls++ >= POLLS || !order.killed.some(({ pid, since }) => livingOf(pid)?.since === since);
}

/**
 * Whether a process may belong to one of these by its mark alone: it lost its parent, and was given another instead. That is
 * the first of those above it that takes such as its own, or process 1: one above us, which we may not see, or one that
 * descends from us, and is no worker that was forked, which takes none. All others are found by their parents.
 */
function mayBeMarked(orders: readonly Order[], living: readonly Living[], spared: ReadonlySet<number>): (each: Living) => boolean {
  const bearing = orders.filter(({ mark }) => mark !== undefined);
  const since = Math.min(...bearing.map((order) => order.since));
  if (bearing.some(({ isStranger }) => isStranger)) return (each) => each.since >= since;
  const known = new Set(bearing.map(({ unmarked }) => unmarked));
  const isUnmarked = (pid: number) => known.values().some((pids) => pids.has(pid));
  const children = Map.groupBy(living, (each) => each.parent);
  const adopters = new Set([...spared, 1]);
  const below = [process.pid];
  for (const pid of below) {
    adopters.add(pid);
    for (const child of children.get(pid) ?? []) if (!isUnmarked(child.pid)) below.push(child.pid);
  }
  const seen = new Set(living.map(({ pid }) => pid));
  return (each) => each.since >= since && !isUnmarked(each.pid) && (adopters.has(each.parent) || !seen.has(each.parent));
}
