import { rm, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import type { Call, Rows } from "#contract/call.ts";
import type { DatasetVersion } from "#contract/dataset.ts";
import type { Log } from "#contract/edges.ts";
import { DiskFull } from "#contract/errors.ts";
import { DEFAULT_PROJECT } from "#contract/names.ts";
import type { Receipt } from "#contract/run.ts";
import type { WorkerCall } from "#contract/worker.ts";
import type { Store } from "../store/store.ts";
import { WorkerFailed } from "../workers/call.ts";
import type { Pool } from "../workers/pool.ts";
import { deadlineOf } from "./call-for-worker.ts";
import { counting } from "./counting.ts";
import { type DatasetFiles, datasetFolder, keepDataset, prepareShow, showNewest, startDataset } from "./datasets.ts";
import { toBridgeError } from "./failures.ts";
import type { BridgeHome } from "./home.ts";
import type { RunRecorder } from "./run-record.ts";
import { Spool, spoolRows } from "./spool.ts";
import type { Starts } from "./starts.ts";

export interface Staged {
  readonly dataset: DatasetVersion;
  readonly receipt: Receipt;
}

/**
 * Stages rows under a name: they spool to disk as they came, a plain worker writes them as notebooks read them, and
 * both files and the record become a new version of the dataset. No algorithm is needed and none is run.
 *
 * @throws BridgeError; on a strict call WorkerFailed for rows that cannot be read. Nothing is kept then.
 */
export type Stage = (run: string, name: string, call: Call, rows: Rows, signal: AbortSignal) => Promise<Staged>;

export interface StageParts {
  readonly store: Store;
  readonly pool: Pool;
  readonly starts: Starts;
  readonly runs: RunRecorder;
  readonly home: BridgeHome;
  readonly timeout: number;
  readonly log: Log;
}

export function stageWith({ store, pool, starts, runs, home, timeout, log }: StageParts): Stage {
  return async (id, name, call, rows, signal) => {
    const run = runs.begin(id, call);
    const received = counting(rows);
    run.progress.receivedBytes = received.bytes;
    let files: DatasetFiles | undefined;
    try {
      await using spool = new Spool(home.spool, home.mark + id, 0);
      const segments = await spoolRows(spool, received.rows, signal);
      files = await startDataset(home);
      const start = starts.plain();
      run.progress.environment = start.environment.name;
      run.progress.answered = await pool.call({
        algorithm: "",
        ...start,
        purpose: "plain",
        caller: call.caller,
        isScheduled: call.search?.isScheduled ?? false,
        call: stageCall(id, call, await spool.file(), segments, files),
        input: Buffer.alloc(0),
        sink: { event: run.event, table: () => {} },
        signal,
        deadline: deadlineOf(call, null, timeout),
      });
      const { done } = run.progress.answered;
      const { size } = await stat(files.csv);
      const staging = files;
      await prepareShow(home, staging, name);
      const staged = await store.transaction(async (tx) => {
        const dataset = await tx.datasets.add(
          {
            project: DEFAULT_PROJECT,
            name,
            rows: done.rows.received,
            columns: done.signature,
            bytes: size,
            run: id,
            csv: relative(home.root, join(home.staged, `${name}.csv`)),
          },
          (version) => datasetFolder(home, name, version),
        );
        await keepDataset(home, staging, dataset.folder);
        run.progress.dataset = { name, version: dataset.version };
        const receipt = run.receipt();
        await tx.runs.finish(id, { state: "succeeded", receipt, error: null });
        return { dataset, receipt };
      });
      await showNewest(home, store, name, staged.dataset.version).catch((cause: unknown) =>
        log.warn({ err: cause, dataset: name }, "staged rows could not be put into notebooks/data; the next start tries again"),
      );
      run.succeed(staged.receipt, true);
      return staged;
    } catch (thrown) {
      const error = thrown instanceof WorkerFailed ? toBridgeError(thrown.error, null, name, undefined) : (DiskFull.from(thrown) ?? thrown);
      run.fail(error);
      if (files) {
        await rm(files.folder, { recursive: true, force: true }).catch((cause: unknown) =>
          log.warn({ err: cause }, "the folder of a failed staging could not be removed"),
        );
      }
      throw thrown instanceof WorkerFailed && call.strict ? thrown : error;
    }
  };
}

function stageCall(run: string, call: Call, file: string, segments: number[], { csv, json, parquet }: DatasetFiles): WorkerCall {
  return {
    run,
    method: "stage",
    strict: call.strict,
    param: call.param,
    model: null,
    input: {
      ...{ format: call.input, fields: call.fields, types: null, untyped: "guess", rowWise: false },
      ...{ dropMultivalue: !call.strict, file, segments },
    },
    output: { format: "csv", append: false },
    stage: { csv, json, parquet },
  };
}
