import { setTimeout as sleep } from "node:timers/promises";
import type { Clock, Log } from "#contract/edges.ts";
import { bridgesOn } from "./bridges.ts";
import type { Db, Session } from "./database.ts";
import { Living } from "./living.ts";
import { bridgesWithRuns, interruptRuns } from "./retention.ts";
import type { Bridges } from "./store.ts";
import type { Commit } from "./transactions.ts";

const COUNTER = "bridges";
const RETRY_MS = 1000;

/** This bridge among those that share the store. */
export interface Joined {
  readonly bridges: Bridges;
  /** Ends its own runs that are still under way, and all looking. The session stays until the connections are closed. */
  leave(): Promise<void>;
}

/**
 * Takes a number, proves from now on that this bridge lives, and ends the runs of bridges that do not, now and whenever
 * one is gone. Resolves when those of bridges that ended before have ended.
 */
export async function joinBridges(
  session: Session,
  { read, commit }: { read: Db; commit: Commit },
  clock: Clock,
  log: Log,
): Promise<Joined> {
  const own = await commit(async (tx) => {
    const { value } = await tx
      .insertInto("counters")
      .values({ name: COUNTER, value: 1 })
      .onConflict((conflict) => conflict.column("name").doUpdateSet((row) => ({ value: row("counters.value", "+", 1) })))
      .returning("value")
      .executeTakeFirstOrThrow();
    return value;
  });
  await session.join(own);
  const living = new Living(session, clock, log);
  await living.start();
  const bridges = bridgesOn(session, living, own);

  const isOver = await Promise.all(
    (await bridgesWithRuns(read)).map(async (each) => ({ each, isGone: each === null || (await living.isGone(each)) })),
  );
  const gone = isOver.filter(({ isGone }) => isGone).map(({ each }) => each);
  if (gone.length > 0) await interruptRuns(commit, clock, gone);
  living.onGone((bridge) => void interruptLater(bridge));

  let hasLeft = false;
  return {
    bridges,
    async leave() {
      hasLeft = true;
      living.close();
      await interruptRuns(commit, clock, [own]).catch((error) =>
        log.warn(
          { err: error },
          "calls that were under way are not yet recorded as interrupted; another bridge does it, or the next start",
        ),
      );
    },
  };

  /** Every bridge that lives tries it, until one has done it. */
  async function interruptLater(bridge: number): Promise<void> {
    while (!hasLeft) {
      try {
        return await interruptRuns(commit, clock, [bridge]);
      } catch (error) {
        log.warn({ err: error, bridge }, "the runs of a bridge that is gone could not be ended; it is tried again");
        await sleep(RETRY_MS, undefined, { ref: false });
      }
    }
  }
}
