import { setImmediate as turn } from "node:timers/promises";
import type { Clock } from "#contract/edges.ts";
import type { Db, Tx } from "./database.ts";
import { ended, toRun, writeRuns } from "./run-rows.ts";
import type { Commit, Pace } from "./transactions.ts";

const RUNS_A_TRANSACTION = 500;
/** States of runs that have not ended. They have an index; when a run ended has none, and looking for that reads all runs. */
const UNFINISHED = ["queued", "running"];

/** Removes the oldest ended runs beyond the newest `keep`, with their events, a few at a time. */
export async function pruneRuns(read: Db, commit: Commit, keep: number, pace: Pace = "unhurried"): Promise<void> {
  for (;;) {
    const newestToGo = await read.selectFrom("runs").select("id").orderBy("id", "desc").offset(keep).limit(1).executeTakeFirst();
    if (!newestToGo) return;
    const rows = await read
      .selectFrom("runs")
      .select("id")
      .where("id", "<=", newestToGo.id)
      .where("finishedAt", "is not", null)
      .orderBy("id")
      .limit(RUNS_A_TRANSACTION)
      .execute();
    if (rows.length === 0) return;
    const ids = rows.map(({ id }) => id);
    const remove = async (tx: Tx) => {
      await tx.deleteFrom("events").where("subject", "in", ids).where("kind", "in", ["run.started", "run.finished"]).execute();
      await tx.deleteFrom("runs").where("id", "in", ids).execute();
    };
    await commit(remove, undefined, pace);
    await turn();
  }
}

/**
 * Ends runs that nothing computes any more: those of an earlier life of the bridge.
 *
 * @param bridges the numbers of bridges that are gone; undefined: all runs, as the store has one bridge
 */
export async function interruptRuns(commit: Commit, clock: Clock, bridges?: readonly (number | null)[]): Promise<void> {
  const error = {
    code: "INTERRUPTED",
    message: "The bridge was stopped while this call was under way.",
    hint: "Send the call again.",
    details: {},
  };
  for (;;) {
    const count = await commit(async (tx, tell) => {
      const rows = await tx
        .selectFrom("runs")
        .selectAll()
        .where("state", "in", UNFINISHED)
        // Parts may come to any bridge, and after a restart.
        .where("id", "not in", (query) => query.selectFrom("openRuns").select("run"))
        .$if(bridges !== undefined, (query) =>
          query.where((where) => where.or((bridges ?? []).map((each) => where("bridge", each === null ? "is" : "=", each)))),
        )
        .limit(RUNS_A_TRANSACTION)
        .execute();
      const changes = rows.map((row) => ({
        run: ended(toRun(row), { state: "interrupted", receipt: null, error }, clock.now()),
        tellsStart: false,
        tellsEnd: true,
      }));
      if (changes.length > 0) await writeRuns(tx, tell, null, changes);
      return changes.length;
    });
    if (count < RUNS_A_TRANSACTION) return;
  }
}

/** Which bridges began runs that have not ended; null: one of before stores were shared. */
export async function bridgesWithRuns(read: Db): Promise<(number | null)[]> {
  const rows = await read.selectFrom("runs").select("bridge").distinct().where("state", "in", UNFINISHED).execute();
  return rows.map(({ bridge }) => bridge);
}
