import type { Call } from "#contract/call.ts";
import type { Clock, Log } from "#contract/edges.ts";
import { BridgeError, Cancelled } from "#contract/errors.ts";
import { DEFAULT_PROJECT } from "#contract/names.ts";
import type { Receipt, RunState } from "#contract/run.ts";
import type { WorkerEvent } from "#contract/worker.ts";
import type { Store } from "../store/store.ts";
import type { Answered } from "../workers/pool.ts";
import { toRecord } from "./failures.ts";

const MOST_PRINTED = 20;

/** Told of every run that ended, for metrics. */
export type OnFinished = (receipt: Receipt, state: RunState, code: string) => void;

/** What becomes known of a call while it runs; the receipt is made of it. */
export interface Progress {
  version: string | null;
  algorithm: string | null;
  environment: string;
  model: Receipt["model"];
  dataset: Receipt["dataset"];
  /** What the receipt is to say besides what the worker notes. */
  notes: readonly string[];
  answered: Answered | undefined;
  receivedBytes: () => number;
  returnedBytes: number;
}

/** One run, from its first moment to its end. It ends once: by `succeed`, by `fail`, or in a transaction with `receipt()`. */
export interface RunRecord {
  readonly id: string;
  readonly progress: Progress;
  /** The last lines that its code printed or logged, at most 20. */
  readonly printed: readonly string[];
  event(event: WorkerEvent): void;
  receipt(): Receipt;
  succeed(receipt: Receipt, alreadyKept: boolean): void;
  fail(error: unknown): void;
}

/** What is known of a call when its run begins. Of one that broke off before it was read, that may be little. */
export type Begun = Pick<Call, "method" | "algorithm" | "environment" | "caller" | "rowsSent" | "search"> & {
  readonly model: string | null;
};

export interface RunRecorder {
  begin(id: string, call: Begun): RunRecord;
}

export function runRecorder(store: Pick<Store, "runs">, clock: Clock, log: Log, onFinished: OnFinished): RunRecorder {
  return {
    begin(id, call) {
      const began = clock.ticks();
      const printed: string[] = [];
      const progress = newProgress(call);
      store.runs.start({
        project: DEFAULT_PROJECT,
        id,
        algorithm: call.algorithm,
        version: null,
        method: call.method,
        model: call.model,
        caller: call.caller,
        search: call.search,
      });

      const receipt = () => receiptOf(id, call, progress, (clock.ticks() - began) / 1000);

      return {
        id,
        progress,
        printed,
        receipt,
        event(event) {
          if (event.event === "log") {
            store.runs.log(id, { at: clock.now(), level: event.level, text: event.text });
            if (printed.push(event.text) > MOST_PRINTED) printed.shift();
          } else if (event.event === "metric") store.runs.metric(id, { name: event.name, value: event.value, step: event.step });
        },
        succeed(kept, alreadyKept) {
          if (!alreadyKept) store.runs.finish(id, { state: "succeeded", receipt: kept, error: null, version: kept.version });
          onFinished(kept, "succeeded", "OK");
        },
        fail(error) {
          if (!(error instanceof BridgeError)) log.error({ err: error, run: id }, "a call failed in the bridge itself");
          const kept = toRecord(error);
          const state = error instanceof Cancelled ? "cancelled" : "failed";
          const last = receipt();
          store.runs.finish(id, { state, receipt: last, error: kept, version: last.version });
          onFinished(last, state, kept.code);
        },
      };
    },
  };
}

/** What is known of a call before anything was done. */
export function newProgress(call: Begun): Progress {
  return {
    version: null,
    algorithm: call.algorithm,
    environment: call.environment ?? "default",
    model: null,
    dataset: null,
    notes: [],
    answered: undefined,
    receivedBytes: () => 0,
    returnedBytes: 0,
  };
}

/** The receipt of a call, from what is known of it by now. @param seconds since it began */
export function receiptOf(run: string, call: Begun, progress: Progress, seconds: number): Receipt {
  const { answered } = progress;
  const done = answered?.done;
  return {
    run,
    algorithm: progress.algorithm,
    version: progress.version,
    method: call.method,
    model: progress.model,
    dataset: progress.dataset,
    environment: progress.environment,
    device: done?.device ?? "cpu",
    rows: { sent: call.rowsSent, received: done?.rows.received ?? 0, used: done?.rows.used ?? 0, returned: done?.rows.returned ?? 0 },
    bytes: { received: progress.receivedBytes(), returned: progress.returnedBytes },
    seconds: {
      queued: answered?.queuedSeconds ?? 0,
      loading: done?.seconds.loading ?? 0,
      computing: done?.seconds.computing ?? 0,
      total: seconds,
    },
    notes: [...progress.notes, ...notesOf(call, answered)],
  };
}

function notesOf(call: Begun, answered: Answered | undefined): string[] {
  if (!answered) return [];
  const { rows, notes } = answered.done;
  if (call.rowsSent === null || call.rowsSent === rows.received) return notes;
  return [`${call.rowsSent} rows were sent, ${rows.received} were received.`, ...notes];
}
