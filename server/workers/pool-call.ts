import type { Rows } from "#contract/call.ts";
import type { WorkerCall, WorkerDone } from "#contract/worker.ts";
import type { CallSink } from "./call.ts";
import type { Purpose } from "./slots.ts";
import type { PoolTarget } from "./target.ts";
import type { Asking } from "./turns.ts";

export interface PoolCall extends PoolTarget, Asking {
  /** A fit never shares a process with applies. */
  readonly purpose: Purpose;
  readonly call: WorkerCall;
  readonly input: Rows;
  readonly sink: CallSink;
  /** Fires when the caller went away. */
  readonly signal: AbortSignal;
  /** From now on; `limit` names what to raise. */
  readonly deadline: { readonly seconds: number; readonly limit: string };
}

export interface Answered {
  readonly done: WorkerDone;
  readonly queuedSeconds: number;
  /** Whether the call waited for a worker of its own to start. */
  readonly startedWorker: boolean;
}
