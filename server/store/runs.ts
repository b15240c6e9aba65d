import type { Clock } from "#contract/edges.ts";
import { NotFound } from "#contract/errors.ts";
import { DEFAULT_PROJECT, nameKey } from "#contract/names.ts";
import type { Run } from "#contract/run.ts";
import type { Db, Tx } from "./database.ts";
import type { Tell } from "./events.ts";
import type { RunMemory } from "./run-memory.ts";
import { ended, newestFirst, type RunChange, toRun, writeRuns } from "./run-rows.ts";
import type { RunsReader, RunsWriter } from "./store.ts";

export function runsReader(db: Db, memory: RunMemory): RunsReader {
  return {
    async find(id) {
      return memory.find(id) ?? (await findRow(db, id));
    },

    async list({ algorithm, state, before, search, limit }) {
      const key = algorithm === undefined ? undefined : nameKey(algorithm);
      // Taken before the rows: a run that is written in between is in both, never in neither.
      const held = memory.held();
      const stale = held.filter(({ hasRow }) => hasRow).map(({ run }) => run.id);
      const rows = await db
        .selectFrom("runs")
        .selectAll()
        .where("project", "=", DEFAULT_PROJECT)
        .$if(key !== undefined, (query) => query.where("algorithmKey", "=", key ?? ""))
        .$if(state !== undefined, (query) => query.where("state", "=", state ?? ""))
        .$if(before !== undefined, (query) => query.where("id", "<", before ?? ""))
        .$if(search !== undefined, (query) => query.where("searchId", "=", search ?? ""))
        .$if(stale.length > 0, (query) => query.where("id", "not in", stale))
        .orderBy("id", "desc")
        .limit(limit)
        .execute();
      const found = new Map(rows.map((row) => [row.id, toRun(row)]));
      for (const { run } of held) {
        found.delete(run.id);
        if (key !== undefined && (run.algorithm === null || nameKey(run.algorithm) !== key)) continue;
        if (search !== undefined && run.search?.id !== search) continue;
        if (state !== undefined && run.state !== state) continue;
        if (before !== undefined && run.id >= before) continue;
        found.set(run.id, run);
      }
      return [...found.values()].sort(newestFirst).slice(0, limit);
    },
  };
}

/** @returns the writer, and what to call once its transaction is committed. */
export function runsWriter(
  tx: Tx,
  tell: Tell,
  clock: Clock,
  memory: RunMemory,
  bridge: number | null,
): { writer: RunsWriter; committed: () => void } {
  const written: string[] = [];
  return {
    committed: () => {
      for (const id of written) memory.forget(id);
    },
    writer: {
      async finish(id, end) {
        const run = memory.find(id) ?? (await findRow(tx, id));
        if (!run) throw new NotFound("run", id);
        if (run.finishedAt !== null || written.includes(id)) return;
        const last = ended(run, end, clock.now());
        const change: RunChange = memory.changeTo(last) ?? { run: last, tellsStart: false, tellsEnd: true };
        await writeRuns(tx, tell, bridge, [change]);
        written.push(id);
      },
    },
  };
}

async function findRow(db: Db, id: string): Promise<Run | undefined> {
  const row = await db.selectFrom("runs").selectAll().where("project", "=", DEFAULT_PROJECT).where("id", "=", id).executeTakeFirst();
  return row && toRun(row);
}
