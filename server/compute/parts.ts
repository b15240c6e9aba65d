import type { Call, Rows } from "#contract/call.ts";
import type { Clock } from "#contract/edges.ts";
import { BadCall, Conflict, NotFound } from "#contract/errors.ts";
import { DEFAULT_PROJECT } from "#contract/names.ts";
import type { OpenRun, PartOutcome } from "#contract/part.ts";
import type { Receipt, Run } from "#contract/run.ts";
import { type AnswerSink, type ComputeParts, computeWith } from "./compute.ts";
import { whyWhole } from "./in-parts.ts";
import { keepLast, partRecord } from "./part-record.ts";
import type { OnFinished } from "./run-record.ts";
import type { Target } from "./target.ts";
import { wholeReceipt } from "./whole-receipt.ts";

/** How a call's rows are to come. */
export interface Opened {
  /** Null: all rows at once, to `POST /v1/compute`. */
  readonly run: string | null;
  readonly target: Target;
  readonly notes: string[];
}

/**
 * Runs whose rows come in parts: one call, whose version and model stay those of its beginning, each part a request that
 * may be sent again and is counted once. What is known of them lies in the store, so that any bridge takes the next part.
 */
export interface Parts {
  /** Begins a run if the call's rows may come in parts. @param columns of the first rows @throws BridgeError, recorded as a failed run */
  open(id: string, call: Call & { algorithm: string }, columns: readonly string[]): Promise<Opened>;
  /** Computes one part, from 1. Its outcome is kept when this resolves. @throws BridgeError; NotFound when `caller` has no such open run */
  compute(run: string, caller: string, part: PartOf, rows: Rows, sink: AnswerSink, signal: AbortSignal): Promise<Receipt>;
  /** Ends a run whose parts have all come; once more, it answers the same. @throws Conflict while parts are missing or failed */
  end(run: string, caller: string): Promise<Receipt>;
  /** Ends a run that its caller gave up; what has ended already stays as it is. */
  cancel(run: string, caller: string): Promise<void>;
}

/** What is each part's own. */
export type PartOf = Pick<Call, "input" | "output" | "rowsSent"> & { readonly part: number };

export interface PartsParts extends ComputeParts {
  readonly clock: Clock;
  readonly onFinished: OnFinished;
}

export function partsWith({ clock, onFinished, ...shared }: PartsParts): Parts {
  const { store, targets, runs, log } = shared;

  return {
    async open(id, call, columns) {
      try {
        const target = await targets.find(call);
        const reason = whyWhole(call, target, columns);
        if (reason !== undefined) return { run: null, target, notes: [reason, ...target.notes] };
        const { manifest, model } = target;
        const { method, caller, search } = call;
        const facts = {
          project: DEFAULT_PROJECT,
          id,
          algorithm: manifest.name,
          version: manifest.version,
          method,
          model: call.model,
          caller,
          search,
        };
        await store.transaction((tx) => tx.parts.open(facts, call, model?.version ?? null, target.notes));
        return { run: id, target, notes: [...target.notes] };
      } catch (error) {
        runs.begin(id, call).fail(error);
        throw error;
      }
    },

    async compute(run, caller, part, rows, sink, signal) {
      const open = await findOpen(run, caller);
      const call = { ...open.call, ...part, algorithm: open.run.algorithm ?? "", timeout: secondsLeft(open) };
      const record = partRecord(run, call, clock, log);
      const compute = computeWith({ ...shared, targets: { find: () => pinned(open) }, runs: { begin: () => record } });
      try {
        const { receipt } = await compute(run, call, rows, sink, signal);
        return receipt;
      } finally {
        const outcome = record.outcome();
        if (outcome) await store.transaction((tx) => tx.parts.keep(run, part.part, outcome));
      }
    },

    async end(run, caller) {
      const before = await findEnded(run, caller);
      if (before?.receipt && before.state === "succeeded") return before.receipt;
      const open = await findOpen(run, caller);
      const parts = await store.parts.outcomes(run);
      for (const [index, { part, outcome }] of parts.entries()) {
        if (part !== index + 1) throw new Conflict(`Part ${index + 1} of the run ${run} never came.`, "Send it, then end the run.");
        if (outcome.error)
          throw new Conflict(`Part ${part} of the run ${run} failed: ${outcome.error.message}`, "Send it again, or cancel the run.");
      }
      const outcomes = parts.map(({ outcome }) => outcome);
      const receipt = wholeReceipt(open, outcomes, secondsSince(open));
      await close(open, outcomes, { state: "succeeded", receipt, error: null });
      return receipt;
    },

    async cancel(run, caller) {
      if (await findEnded(run, caller)) return;
      const open = await findOpen(run, caller);
      const outcomes = (await store.parts.outcomes(run)).map(({ outcome }) => outcome);
      // Callers give a run up because a part failed: then that is what it ended with.
      const failed = outcomes.find(({ error }) => error !== null)?.error;
      const receipt = wholeReceipt(open, outcomes, secondsSince(open));
      await close(open, outcomes, failed ? { state: "failed", receipt, error: failed } : { state: "cancelled", receipt, error: givenUp });
    },
  };

  async function close(open: OpenRun, outcomes: readonly PartOutcome[], end: Pick<Run, "state" | "error"> & { receipt: Receipt }) {
    const lines: Run["log"] = [];
    const metrics: Run["metrics"] = [];
    for (const outcome of outcomes) {
      keepLast(lines, ...outcome.log);
      keepLast(metrics, ...outcome.metrics);
    }
    await store.transaction((tx) => tx.parts.close(open.run.id, { ...end, log: lines, metrics }));
    onFinished(end.receipt, end.state, end.error?.code ?? "OK");
  }

  /** Another caller's run is none: ids are told to nobody else. */
  async function findOpen(id: string, caller: string): Promise<OpenRun> {
    const open = await store.parts.find(id);
    if (open && open.run.caller === caller) return open;
    if (await findEnded(id, caller)) throw new Conflict(`The run ${id} has ended.`, "Begin another with POST /v1/runs.");
    throw new NotFound("open run", id);
  }

  async function findEnded(id: string, caller: string): Promise<Run | undefined> {
    const run = await store.runs.find(id);
    return run && run.caller === caller && run.finishedAt !== null ? run : undefined;
  }

  /** The version and the model that the run began with. @throws NotFound when they were deleted since */
  async function pinned({ run, call, modelVersion, notes }: OpenRun): Promise<Target> {
    if (run.algorithm === null || run.version === null) throw new BadCall("The run names no algorithm.", "Begin another.");
    const version = await store.versions.find(run.algorithm, run.version);
    if (!version) throw new NotFound("version", `${run.algorithm}@${run.version}`);
    if (modelVersion === null) return { manifest: version.manifest, model: undefined, notes };
    const model = await store.models.find(run.algorithm, call.model, String(modelVersion));
    if (!model) throw new NotFound(`version of the model ${call.model}`, String(modelVersion));
    return { manifest: version.manifest, model, notes };
  }

  function secondsSince({ run }: OpenRun): number {
    return Math.max(0, (Date.parse(clock.now()) - Date.parse(run.startedAt)) / 1000);
  }

  /** What is left of the time that the caller gave to the whole run. */
  function secondsLeft(open: OpenRun): number | null {
    return open.call.timeout === null ? null : Math.max(open.call.timeout - secondsSince(open), 0.001);
  }
}

const givenUp = {
  code: "CANCELLED",
  message: "The caller gave the run up before its end.",
  hint: "Send the call again, if its result is still wanted.",
  details: {},
};
