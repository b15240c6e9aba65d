import type { Clock, Log } from "#contract/edges.ts";
import { algorithmsReader, algorithmsWriter } from "./algorithms.ts";
import { noOtherBridges } from "./bridges.ts";
import type { Connections } from "./database.ts";
import { datasetsReader, datasetsWriter } from "./datasets.ts";
import { eventsReader, Listeners } from "./events.ts";
import { follow } from "./following.ts";
import { joinBridges } from "./joining.ts";
import { migrate } from "./migrations/migrate.ts";
import { modelsReader, modelsWriter } from "./models.ts";
import { partsReader, partsWriter } from "./parts.ts";
import { openPostgres } from "./postgres.ts";
import { type Remembered, remembered } from "./remembered.ts";
import { interruptRuns, pruneRuns } from "./retention.ts";
import { RunBatches } from "./run-batches.ts";
import { RunMemory } from "./run-memory.ts";
import { runsReader, runsWriter } from "./runs.ts";
import { openSqlite } from "./sqlite.ts";
import type { Store } from "./store.ts";
import { commitOn } from "./transactions.ts";
import { versionsReader, versionsWriter } from "./versions.ts";

const KEPT_RUNS = 100_000;
/** Looking for runs to remove costs a walk over the index, as long as there are runs to keep: it is done once per so many written. */
const runsBetweenPrunings = (keepRuns: number) => Math.max(1000, keepRuns / 20);

export interface StoreEdges {
  readonly clock: Clock;
  readonly log: Log;
  /** How many runs are kept; the oldest go first, with their events. 100,000 unless said. */
  readonly keepRuns?: number | undefined;
}

/** Where the store is: a SQLite file, made with its folder as needed, or a Postgres database that bridges share. */
export type StorePlace = { readonly file: string } | { readonly url: string };

/**
 * Opens the store, brought up to date as needed. Runs that an earlier process left unfinished are `interrupted` when
 * this resolves; those of other bridges that live are not touched.
 *
 * @throws StoreAway
 */
export async function openStore(options: StoreEdges & StorePlace): Promise<Store> {
  return storeOn("file" in options ? openSqlite(options.file) : openPostgres(options.url, options.log), options);
}

/** The store on any engine. Closes the connections when it is disposed of, or cannot be opened. */
export async function storeOn(connections: Connections, edges: StoreEdges): Promise<Store> {
  try {
    return await storeOnOpen(connections, edges);
  } catch (error) {
    await connections.close();
    throw error;
  }
}

async function storeOnOpen(connections: Connections, { clock, log, keepRuns = KEPT_RUNS }: StoreEdges): Promise<Store> {
  const { write, read, shared } = connections;
  const listeners = new Listeners(log);
  const events = eventsReader(read, listeners);
  await migrate(write);
  const following = shared && (await follow(shared.session, events, listeners, log));
  const commit = commitOn(connections, (told) => (following ? following.committed(told) : listeners.publish(told)), clock);
  const joined = shared && (await joinBridges(shared.session, { read, commit }, clock, log));
  if (!joined) await interruptRuns(commit, clock);
  await pruneRuns(read, commit, keepRuns);
  const bridges = joined?.bridges ?? noOtherBridges();

  let pruning: Promise<void> = Promise.resolve();
  let sincePruning = 0;
  const batches = new RunBatches(commit, log, bridges.own, (count, pace) => {
    sincePruning += count;
    if (sincePruning < runsBetweenPrunings(keepRuns)) return;
    sincePruning = 0;
    pruning = pruning
      .then(() => pruneRuns(read, commit, keepRuns, pace))
      .catch((error) => log.error({ err: error }, "old runs could not be removed; it is tried again later"));
  });
  const memory: RunMemory = new RunMemory(clock, log, () => batches.schedule(memory));

  const readers: Remembered = { algorithms: algorithmsReader(read), models: modelsReader(read) };

  return {
    // Of a write by another bridge it is heard a moment too late.
    ...(shared ? readers : remembered(readers.algorithms, readers.models, events)),
    versions: versionsReader(read),
    datasets: datasetsReader(read),
    events,
    bridges,
    parts: partsReader(read),
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
          const runs = runsWriter(tx, tell, clock, memory, bridges.own);
          committed = runs.committed;
          return work({
            algorithms: algorithmsWriter(tx, tell),
            versions: versionsWriter(tx, tell, clock),
            models: modelsWriter(tx, tell, clock),
            datasets: datasetsWriter(tx, tell, clock),
            runs: runs.writer,
            parts: partsWriter(tx, tell, clock),
          });
        },
        () => committed(),
      );
    },

    async [Symbol.asyncDispose]() {
      await batches.close(memory);
      await pruning;
      await joined?.leave();
      following?.close();
      await commit(async () => {}).catch(() => {}); // whatever was under way is over now
      await connections.close();
    },
  };
}
