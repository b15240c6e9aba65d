import { rm } from "node:fs/promises";
import type { Call, Rows } from "#contract/call.ts";
import type { Log } from "#contract/edges.ts";
import { WorkerLost } from "#contract/errors.ts";
import { DEFAULT_PROJECT } from "#contract/names.ts";
import type { Receipt } from "#contract/run.ts";
import type { WorkerDone, WorkerEvent } from "#contract/worker.ts";
import type { Store } from "../store/store.ts";
import { WorkerFailed } from "../workers/call.ts";
import type { Pool } from "../workers/pool.ts";
import { callForWorker, deadlineOf } from "./call-for-worker.ts";
import { counting } from "./counting.ts";
import { placedLoss } from "./crash.ts";
import { syncTree } from "./durable.ts";
import { toBridgeError } from "./failures.ts";
import type { BridgeHome } from "./home.ts";
import { keepModelFolder, modelFolder, shareModelFiles, startModelFolder } from "./models.ts";
import type { RunRecord, RunRecorder } from "./run-record.ts";
import { siblingOf } from "./sibling-code.ts";
import type { Starts } from "./starts.ts";
import type { Target, TargetFinder } from "./target.ts";
import { type Uses, usesOf } from "./uses.ts";

/** Where an answer goes while it is made. A promise that `table` returns is back-pressure. */
export interface AnswerSink {
  event(event: WorkerEvent): void;
  table(bytes: Buffer): void | Promise<void>;
  /** What the receipt will say for certain, before the first table: for answers without one. */
  notes?(notes: readonly string[]): void;
  /** Bytes of the table so far as this answer gives them, without the headers that blocks repeat. Absent: it gives all as it came. */
  readonly tableBytes?: () => number;
}

/** A call that succeeded. */
export interface Answer {
  readonly receipt: Receipt;
  readonly done: WorkerDone;
}

/**
 * Runs one call of a method, from its options to the receipt. Rows stream in and results out at the same time;
 * nothing of a table is held here.
 *
 * @param run the run's id, which the caller may tell before the answer
 * @throws BridgeError: every failure, also recorded with the run. Nothing of a failed fit is kept.
 * On a strict call, WorkerFailed for what the notebook's code did: the old endpoints tell it by phase.
 */
export type Compute = (
  run: string,
  call: Call & { algorithm: string },
  rows: Rows,
  sink: AnswerSink,
  signal: AbortSignal,
) => Promise<Answer>;

export interface ComputeParts {
  readonly store: Store;
  readonly pool: Pool;
  readonly targets: TargetFinder;
  readonly starts: Starts;
  readonly runs: RunRecorder;
  readonly home: BridgeHome;
  readonly uses: Uses;
  /** Seconds that a call may take unless it or its algorithm says otherwise. */
  readonly timeout: number;
  readonly log: Log;
}

export function computeWith({ store, pool, targets, starts, runs, home, uses, timeout, log }: ComputeParts): Compute {
  return async (id, call, rows, sink, signal) => {
    const run = runs.begin(id, call);
    const received = counting(rows);
    const { progress } = run;
    progress.receivedBytes = received.bytes;
    let target: Target | undefined;
    let unfinished: string | undefined;
    try {
      target = await targets.find(call);
      const { manifest, model } = target;
      using _ = uses.take(usesOf(manifest, model));
      progress.algorithm = manifest.name;
      progress.notes = target.notes;
      if (target.notes.length > 0) sink.notes?.(target.notes);
      progress.version = manifest.version;
      progress.model = { name: call.model, version: model?.version ?? null };
      const start = starts.of(manifest, call.environment);
      progress.environment = start.environment.name;
      if (call.method === "fit") unfinished = await startModelFolder(home, id);
      progress.answered = await pool.call({
        algorithm: manifest.name,
        ...start,
        purpose: call.method === "fit" ? "fit" : "apply",
        caller: call.caller,
        isScheduled: call.search?.isScheduled ?? false,
        call: callForWorker(home, id, call, target, unfinished),
        input: received.rows,
        sink: {
          event(event) {
            run.event(event);
            sink.event(event);
          },
          table(bytes) {
            const taken = sink.table(bytes);
            progress.returnedBytes = sink.tableBytes?.() ?? progress.returnedBytes + bytes.length;
            return taken;
          },
        },
        signal,
        deadline: deadlineOf(call, manifest, timeout),
      });
      const { done } = progress.answered;
      const receipt = unfinished === undefined ? run.receipt() : await commitFit(run, call, target, done, unfinished);
      run.succeed(receipt, unfinished !== undefined);
      return { receipt, done };
    } catch (thrown) {
      const error = await told(thrown, run, call, target);
      run.fail(error);
      if (unfinished !== undefined) await discard(unfinished);
      throw thrown instanceof WorkerFailed && call.strict ? thrown : error;
    }
  };

  async function told(thrown: unknown, run: RunRecord, call: Call, target: Target | undefined): Promise<unknown> {
    if (thrown instanceof WorkerLost) return placedLoss(thrown, target?.manifest, run.printed);
    if (!(thrown instanceof WorkerFailed)) return thrown;
    // Of two errors the code's counts.
    const sibling = target && (await siblingOf(thrown.error.file, target.manifest, store).catch(() => undefined));
    return toBridgeError(thrown.error, target?.manifest ?? null, call.model, target?.model, sibling);
  }

  /** The model version, its files and the run's end become true together. */
  async function commitFit(run: RunRecord, call: Call, { manifest }: Target, done: WorkerDone, unfinished: string): Promise<Receipt> {
    // First the files, then their name, then the store: each must be on disk before the next says so. Outside of the
    // transaction, which others wait for.
    await syncTree(unfinished);
    const { model, receipt } = await store.transaction(async (tx) => {
      const model = await tx.models.add(
        {
          project: DEFAULT_PROJECT,
          algorithm: manifest.name,
          name: call.model,
          fittedBy: manifest.version,
          run: run.id,
          signature: done.signature,
        },
        (version) => modelFolder(home, manifest.name, call.model, version),
      );
      await keepModelFolder(home, unfinished, model.folder);
      run.progress.model = { name: call.model, version: model.version };
      const receipt = run.receipt();
      await tx.runs.finish(run.id, { state: "succeeded", receipt, error: null, version: manifest.version });
      return { model, receipt };
    });
    await shareModelFiles(home, model.folder, run.id).catch((error: unknown) =>
      log.warn({ err: error, run: run.id }, "the fitted files could not be copied to app/model/data"),
    );
    return receipt;
  }

  async function discard(folder: string): Promise<void> {
    await rm(folder, { recursive: true, force: true }).catch((error: unknown) =>
      log.warn({ err: error }, "the folder of a failed fit could not be removed; the next start does it"),
    );
  }
}
