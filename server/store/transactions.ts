import type { Clock } from "#contract/edges.ts";
import type { Db, Tx } from "./database.ts";
import { eventsWriter, type Listeners, type Tell } from "./events.ts";

/** Runs `work` in a transaction, alone; then `committed`, then tells the listeners. Nothing of that happens when it throws. */
export type Commit = <T>(work: (tx: Tx, tell: Tell) => Promise<T>, committed?: () => void) => Promise<T>;

/**
 * One transaction at a time from this process, what follows its commit included: only so do listeners hear of events
 * in the order of their numbers, and memory never runs ahead of or behind the database.
 */
export function commitOn(db: Db, listeners: Listeners, clock: Clock): Commit {
  let last: Promise<unknown> = Promise.resolve();
  return (work, committed) => {
    const own = last.then(async () => {
      const { result, told } = await db.transaction().execute(async (tx) => {
        const events = eventsWriter(tx, clock);
        return { result: await work(tx, events.tell), told: events.told };
      });
      committed?.();
      listeners.publish(told);
      return result;
    });
    last = own.catch(() => undefined);
    return own;
  };
}
