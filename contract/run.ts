import { z } from "zod";
import { RunId, VersionId } from "./names.ts";

/** What a call did: comes with every answer, and is kept with the run. */
export const Receipt = z.object({
  run: RunId,
  /** As it was called, where there is no such algorithm: any text. */
  algorithm: z.string().nullable(),
  version: VersionId.nullable(),
  method: z.string(),
  model: z.object({ name: z.string(), version: z.int().nullable() }).nullable(),
  dataset: z.object({ name: z.string(), version: z.int() }).nullable(),
  environment: z.string(),
  /** `cpu`, or what the worker says that it computed on. */
  device: z.string(),
  rows: z.object({
    /** What the caller said that it sends (header `Compute-Rows`); null if it did not. */
    sent: z.int().nullable(),
    received: z.int(),
    used: z.int(),
    returned: z.int(),
  }),
  bytes: z.object({ received: z.int(), returned: z.int() }),
  seconds: z.object({ queued: z.number(), loading: z.number(), computing: z.number(), total: z.number() }),
  /** What was done otherwise than asked, in sentences. Empty is the normal case. */
  notes: z.array(z.string()),
});
export type Receipt = z.infer<typeof Receipt>;

export const RunState = z.enum(["queued", "running", "succeeded", "failed", "cancelled", "interrupted"]);
export type RunState = z.infer<typeof RunState>;

/** An error as it is kept and sent. */
export const ErrorRecord = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string(),
  details: z.record(z.string(), z.unknown()),
});
export type ErrorRecord = z.infer<typeof ErrorRecord>;

/** The search in Splunk that a call is part of, as the caller says. */
export const Search = z.object({
  /** Its id (`sid`). */
  id: z.string().min(1).max(1024),
  app: z.string().max(255).nullable(),
  isScheduled: z.boolean(),
});
export type Search = z.infer<typeof Search>;

/** A line that the notebook's code printed or logged. */
export const LogLine = z.object({ at: z.iso.datetime(), level: z.enum(["debug", "info", "warning", "error"]), text: z.string() });
export type LogLine = z.infer<typeof LogLine>;

/** A number that the notebook's code reported. */
export const Metric = z.object({ name: z.string(), value: z.number(), step: z.number().nullable() });
export type Metric = z.infer<typeof Metric>;

/** One call and what became of it. */
export const Run = z.object({
  project: z.string(),
  id: RunId,
  algorithm: z.string().nullable(),
  version: VersionId.nullable(),
  method: z.string(),
  model: z.string().nullable(),
  /** Which token asked: its name, never its text; `<name>/<user>` when that token let a user ask. */
  caller: z.string(),
  search: Search.nullable(),
  state: RunState,
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().nullable(),
  receipt: Receipt.nullable(),
  error: ErrorRecord.nullable(),
  /** The last 200 lines at most. */
  log: z.array(LogLine),
  metrics: z.array(Metric),
});
export type Run = z.infer<typeof Run>;
