import type { RunId } from "#contract/names.ts";
import { nameKey } from "#contract/names.ts";
import { Run } from "#contract/run.ts";
import type { Database, Tx } from "./database.ts";
import type { Fact, Tell } from "./events.ts";
import { insertRows } from "./insert-rows.ts";

/** A run as it is to be written, and which of its two events nobody was told yet. */
export interface RunChange {
  readonly run: Run;
  readonly tellsStart: boolean;
  readonly tellsEnd: boolean;
}

const COLUMNS = [
  ...(["project", "id", "algorithm", "algorithmKey", "version", "method", "model", "caller", "state", "startedAt"] as const),
  ...(["finishedAt", "receipt", "error", "log", "metrics", "bridge", "searchId", "search"] as const),
] satisfies (keyof Database["runs"])[];

const insertRuns = insertRows<Database["runs"]>(COLUMNS, (tx, rows) =>
  tx
    .insertInto("runs")
    .values(rows)
    .onConflict((conflict) =>
      conflict.column("id").doUpdateSet(({ ref }) => ({
        version: ref("excluded.version"),
        state: ref("excluded.state"),
        finishedAt: ref("excluded.finishedAt"),
        receipt: ref("excluded.receipt"),
        error: ref("excluded.error"),
        log: ref("excluded.log"),
        metrics: ref("excluded.metrics"),
      })),
    ),
);

/**
 * Inserts runs, or replaces what may change of them, and tells of it.
 *
 * @param bridge which one computes those that are new
 */
export async function writeRuns(tx: Tx, tell: Tell, bridge: number | null, changes: readonly RunChange[]): Promise<void> {
  await insertRuns(
    tx,
    changes.map(({ run }) => toRow(run, bridge)),
  );
  const facts = changes.flatMap(factsOf);
  if (facts.length > 0) await tell(...facts);
}

function factsOf({ run, tellsStart, tellsEnd }: RunChange): Fact[] {
  const { algorithm, method, model, version, state } = run;
  const about = { algorithm, method, model };
  const facts: Fact[] = [];
  if (tellsStart) facts.push({ kind: "run.started", subject: run.id, data: about });
  if (tellsEnd) facts.push({ kind: "run.finished", subject: run.id, data: { ...about, version, state, code: run.error?.code ?? null } });
  return facts;
}

function toRow({ receipt, error, log, metrics, search, ...run }: Run, bridge: number | null): Database["runs"] {
  const { project, id, algorithm, version, method, model, caller, state, startedAt, finishedAt } = run;
  return {
    ...{ project, id, algorithm, version, method, model, caller, state, startedAt, finishedAt },
    algorithmKey: algorithm === null ? null : nameKey(algorithm),
    receipt: receipt && JSON.stringify(receipt),
    error: error && JSON.stringify(error),
    log: JSON.stringify(log),
    metrics: JSON.stringify(metrics),
    bridge,
    searchId: search?.id ?? null,
    search: search && JSON.stringify(search),
  };
}

export function toRun({ receipt, error, log, metrics, search, ...row }: Database["runs"]): Run {
  return Run.parse({
    ...row,
    receipt: receipt === null ? null : JSON.parse(receipt),
    error: error === null ? null : JSON.parse(error),
    log: JSON.parse(log),
    metrics: JSON.parse(metrics),
    search: search === null ? null : JSON.parse(search),
  });
}

export type RunEnd = Pick<Run, "state" | "receipt" | "error"> & { version?: Run["version"] };

/** The run, ended. A version that became known on the way replaces the one that it started with. */
export function ended(run: Run, { state, receipt, error, version }: RunEnd, finishedAt: string): Run {
  return { ...run, state, receipt, error, finishedAt, version: version === undefined ? run.version : version };
}

/** The order of ids is the order of starting. */
export function newestFirst(a: { id: RunId }, b: { id: RunId }): number {
  return a.id < b.id ? 1 : a.id > b.id ? -1 : 0;
}
