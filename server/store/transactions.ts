import { AsyncLocalStorage } from "node:async_hooks";
import type { Clock } from "#contract/edges.ts";
import type { Event } from "#contract/event.ts";
import type { Connections, Tx } from "./database.ts";
import { eventsWriter, type Tell } from "./events.ts";

/** Runs `work` in a transaction, alone; then `committed`, then tells the events. Nothing of that happens when it throws. */
export type Commit = <T>(work: (tx: Tx, tell: Tell) => Promise<T>, committed?: () => void, pace?: Pace) => Promise<T>;

/** `unhurried`: nobody waits for it, so it may take longer than it has to, and holds up others less; `many`: the same, and it writes many rows. */
export type Pace = "at once" | "unhurried" | "many";

/**
 * One transaction at a time from this process, what follows its commit included: only so do listeners hear of events
 * in the order of their numbers, and memory never runs ahead of or behind the database.
 *
 * @param publish is given what was committed
 */
export function commitOn(
  { write, shared, unhurried }: Pick<Connections, "write" | "shared" | "unhurried">,
  publish: (events: readonly Event[]) => void,
  clock: Clock,
): Commit {
  let last: Promise<unknown> = Promise.resolve();
  const within = new AsyncLocalStorage<{ isOpen: boolean }>();
  return async (work, committed, pace = "at once") => {
    if (within.getStore()?.isOpen)
      throw new Error("A transaction within a transaction would wait for itself for ever; use the outer one's writers.");
    const own = last.then(async () => {
      const here = { isOpen: true };
      const late = pace === "at once" ? undefined : unhurried;
      late?.ready(pace === "many");
      const transaction = () =>
        (late?.write ?? write).transaction().execute(async (tx) => {
          if (shared) await shared.enter(tx);
          const events = eventsWriter(tx, clock);
          // From here on it only ends: others may hear of its commit, and begin their own, before this process does.
          const result = await work(tx, events.tell).finally(() => {
            here.isOpen = false;
          });
          if (shared && events.told.length > 0) await shared.announce(tx);
          return { result, told: events.told };
        });
      const { result, told } = await within.run(here, transaction);
      await late?.synced();
      committed?.();
      publish(told);
      return result;
    });
    last = own.catch(() => undefined);
    return own;
  };
}
