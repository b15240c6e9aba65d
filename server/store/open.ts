import type { Clock, Log } from "#contract/edges.ts";
import { algorithmsReader, algorithmsWriter } from "./algorithms.ts";
import type { Connections } from "./database.ts";
import { datasetsReader, datasetsWriter } from "./datasets.ts";
import { eventsReader, Listeners } from "./events.ts";
import { migrate } from "./migrations/migrate.ts";
import { modelsReader, modelsWriter } from "./models.ts";
import { interruptRuns, pruneRuns } from "./retention.ts";
import { RunBatches } from "./run-batches.ts";
import { RunMemory } from "./run-memory.ts";
import { runsReader, runsWriter } from "./runs.ts";
import { openSqlite } from "./sqlite.ts";
import type { Store } from "./store.ts";
import { commitOn } from "./transactions.ts";
import { versionsReader, versionsWriter } from "./versions.ts";

const KEPT_RUNS = 100_000;
/** Looking for runs to remove costs a walk over the index: it is done once per so many written. */
const RUNS_BETWEEN_PRUNINGS = 1000;

export interface StoreEdges {
  readonly clock: Clock;
  readonly log: Log;
  /** How many runs are kept; the oldest go first, with their events. 100,000 unless said. */
  readonly keepRuns?: number | undefined;
}

/**
 * Opens the store in a SQLite file, made and brought up to date as needed. Runs that an earlier process left
 * unfinished are `interrupted` when this resolves.
 */
export async function openStore({ file, ...edges }: StoreEdges & { readonly file: string }): Promise<Store> {
  return storeOn(openSqlite(file), edges);
}

/** The store on any engine. Closes the connections when it is disposed of, or cannot be opened. */
export async function storeOn(connections: Connections, { clock, log, keepRuns = KEPT_RUNS }: StoreEdges): Promise<Store> {
  const { write, read } = connections;
  const listeners = new Listeners(log);
  const commit = commitOn(write, listeners, clock);
  try {
    await migrate(write);
    await interruptRuns(commit, clock);
    await pruneRuns(read, commit, keepRuns);
  } catch (error) {
    await connections.close();
    throw error;
  }

  let pruning: Promise<void> = Promise.resolve();
  let sincePruning = 0;
  const batches = new RunBatches(commit, log, (count) => {
    sincePruning += count;
    if (sincePruning < RUNS_BETWEEN_PRUNINGS) return;
    sincePruning = 0;
    pruning = pruning
      .then(() => pruneRuns(read, commit, keepRuns))
      .catch((error) => log.error({ error }, "old runs could not be removed; it is tried again later"));
  });
  const memory: RunMemory = new RunMemory(clock, log, () => batches.schedule(memory));

  return {
    algorithms: algorithmsReader(read),
    versions: versionsReader(read),
    models: modelsReader(read),
    datasets: datasetsReader(read),
    events: eventsReader(read, listeners),
    runs: {
      ...runsReader(read, memory),
      start: (run) => memory.start(run),
      log: (id, line) => memory.log(id, line),
      metric: (id, metric) => memory.metric(id, metric),
      finish: (id, end) => memory.finish(id, end),
      flush: () => batches.flush(memory),
    },

    async transaction(work) {
      let committed = () => {};
      return commit(
        async (tx, tell) => {
          const runs = runsWriter(tx, tell, clock, memory);
          committed = runs.committed;
          return work({
            algorithms: algorithmsWriter(tx, tell),
            versions: versionsWriter(tx, tell, clock),
            models: modelsWriter(tx, tell, clock),
            datasets: datasetsWriter(tx, tell, clock),
            runs: runs.writer,
          });
        },
        () => committed(),
      );
    },

    async [Symbol.asyncDispose]() {
      await batches.close(memory);
      await pruning;
      await commit(async () => {}); // whatever was under way is over now
      await connections.close();
    },
  };
}
