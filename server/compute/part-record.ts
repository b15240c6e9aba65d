import type { Call } from "#contract/call.ts";
import type { Clock, Log } from "#contract/edges.ts";
import { BridgeError, Cancelled } from "#contract/errors.ts";
import type { PartOutcome } from "#contract/part.ts";
import type { Receipt } from "#contract/run.ts";
import { toRecord } from "./failures.ts";
import { newProgress, type RunRecord, receiptOf } from "./run-record.ts";

/** Lines and numbers of one part that are kept; the run keeps as many of all of them. */
const MOST_KEPT = 200;
/** Of them, those that tell what a process printed before it died. */
const MOST_PRINTED = 20;

/** The record of one part: a run's, but for its end, which is the run's own. */
export interface PartRecord extends RunRecord {
  /** What became of it; undefined while nothing that lasts did: a caller that went away may send it again. */
  outcome(): PartOutcome | undefined;
}

export function partRecord(run: string, call: Call, clock: Clock, log: Log): PartRecord {
  const began = clock.ticks();
  const progress = newProgress(call);
  const lines: PartOutcome["log"] = [];
  const metrics: PartOutcome["metrics"] = [];
  let ended: Pick<PartOutcome, "receipt" | "error"> | undefined;
  const receipt = (): Receipt => receiptOf(run, call, progress, (clock.ticks() - began) / 1000);
  return {
    id: run,
    progress,
    get printed() {
      return lines.slice(-MOST_PRINTED).map(({ text }) => text);
    },
    receipt,
    event(event) {
      if (event.event === "log") keepLast(lines, { at: clock.now(), level: event.level, text: event.text });
      else if (event.event === "metric") keepLast(metrics, { name: event.name, value: event.value, step: event.step });
    },
    succeed(kept) {
      ended = { receipt: kept, error: null };
    },
    fail(error) {
      if (error instanceof Cancelled) return;
      if (!(error instanceof BridgeError)) log.error({ err: error, run, part: call.part }, "a part of a run failed in the bridge itself");
      ended = { receipt: null, error: toRecord(error) };
    },
    outcome: () => ended && { ...ended, log: lines, metrics },
  };
}

/** Adds to a list and keeps its newest entries alone. */
export function keepLast<T>(list: T[], ...entries: readonly T[]): void {
  list.push(...entries);
  if (list.length > MOST_KEPT) list.splice(0, list.length - MOST_KEPT);
}
