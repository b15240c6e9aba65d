import { z } from "zod";
import { Call } from "./call.ts";
import { ErrorRecord, LogLine, Metric, Receipt, Run } from "./run.ts";

/** A run whose rows come in parts, each a request of its own that any bridge on the store may compute. */
export const OpenRun = z.object({
  /** Its version is the one that all parts run on. */
  run: Run,
  /** As it was opened; each part is this call on rows of its own. */
  call: Call,
  /** The model's version that all parts use; null: nothing was fitted. */
  modelVersion: z.int().nullable(),
  /** Sentences for the receipt, known when it was opened. */
  notes: z.array(z.string()),
  /** When it was opened, or a part of it was last computed. */
  seenAt: z.iso.datetime(),
});
export type OpenRun = z.infer<typeof OpenRun>;

/** What became of one part: a receipt or an error. Sent again, it has the last outcome alone. */
export const PartOutcome = z.object({
  receipt: Receipt.nullable(),
  error: ErrorRecord.nullable(),
  log: z.array(LogLine),
  metrics: z.array(Metric),
});
export type PartOutcome = z.infer<typeof PartOutcome>;
