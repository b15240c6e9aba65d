import { z } from "zod";
import { Call } from "#contract/call.ts";
import type { Clock } from "#contract/edges.ts";
import { NotFound } from "#contract/errors.ts";
import { nameKey } from "#contract/names.ts";
import { type OpenRun, PartOutcome } from "#contract/part.ts";
import type { Run } from "#contract/run.ts";
import type { Db, Tx } from "./database.ts";
import type { Tell } from "./events.ts";
import { ended, toRun, writeRuns } from "./run-rows.ts";
import type { PartsReader, PartsWriter } from "./store.ts";

export function partsReader(db: Db): PartsReader {
  return {
    find: (run) => findOpen(db, run),

    async outcomes(run) {
      const rows = await db.selectFrom("runParts").selectAll().where("run", "=", run).orderBy("part").execute();
      return rows.map(({ part, outcome }) => ({ part, outcome: PartOutcome.parse(JSON.parse(outcome)) }));
    },

    async idle(before) {
      const rows = await db.selectFrom("openRuns").select("run").where("seenAt", "<", before).execute();
      return rows.map(({ run }) => run);
    },

    async using(algorithm) {
      const rows = await db
        .selectFrom("runs")
        .innerJoin("openRuns", "openRuns.run", "runs.id")
        .selectAll("runs")
        .select("openRuns.modelVersion")
        .where("openRuns.algorithmKey", "=", nameKey(algorithm))
        .execute();
      return rows.map(({ modelVersion, ...row }) => ({ run: toRun(row), modelVersion }));
    },
  };
}

export function partsWriter(tx: Tx, tell: Tell, clock: Clock): PartsWriter {
  return {
    async open(facts, call, modelVersion, notes) {
      const now = clock.now();
      const begun = { state: "running", startedAt: now, finishedAt: null, receipt: null, error: null, log: [], metrics: [] } as const;
      const run: Run = { ...facts, ...begun, log: [], metrics: [] };
      // No bridge's own: whoever gets the next part computes it.
      await writeRuns(tx, tell, null, [{ run, tellsStart: true, tellsEnd: false }]);
      const opened = {
        run: run.id,
        call: JSON.stringify(call),
        algorithmKey: nameKey(run.algorithm ?? ""),
        modelVersion,
        notes: JSON.stringify(notes),
        seenAt: now,
      };
      await tx.insertInto("openRuns").values(opened).execute();
    },

    async keep(run, part, outcome) {
      const { numUpdatedRows } = await tx
        .updateTable("openRuns")
        .set({ seenAt: clock.now() })
        .where("run", "=", run)
        .executeTakeFirstOrThrow();
      if (numUpdatedRows === 0n) throw notOpen(run);
      await tx
        .insertInto("runParts")
        .values({ run, part, outcome: JSON.stringify(outcome) })
        .onConflict((conflict) => conflict.columns(["run", "part"]).doUpdateSet(({ ref }) => ({ outcome: ref("excluded.outcome") })))
        .execute();
    },

    async close(id, { log, metrics, ...end }) {
      const open = await findOpen(tx, id);
      if (!open) throw notOpen(id);
      const run = { ...ended(open.run, end, clock.now()), log, metrics };
      await writeRuns(tx, tell, null, [{ run, tellsStart: false, tellsEnd: true }]);
      await tx.deleteFrom("runParts").where("run", "=", id).execute();
      await tx.deleteFrom("openRuns").where("run", "=", id).execute();
      return run;
    },
  };
}

async function findOpen(db: Db, id: string): Promise<OpenRun | undefined> {
  const row = await db
    .selectFrom("runs")
    .innerJoin("openRuns", "openRuns.run", "runs.id")
    .selectAll("runs")
    .select(["openRuns.call", "openRuns.modelVersion", "openRuns.notes", "openRuns.seenAt"])
    .where("runs.id", "=", id)
    .executeTakeFirst();
  if (!row) return undefined;
  const { call, modelVersion, notes, seenAt, ...run } = row;
  return { run: toRun(run), call: Call.parse(JSON.parse(call)), modelVersion, notes: z.array(z.string()).parse(JSON.parse(notes)), seenAt };
}

function notOpen(run: string): NotFound {
  return new NotFound("open run", run);
}
