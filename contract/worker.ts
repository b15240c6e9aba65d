import { z } from "zod";
import { ColumnType, Signature } from "./manifest.ts";

/** How a table lies on the wire. */
export const TableFormat = z.enum(["csv", "arrow"]);
export type TableFormat = z.infer<typeof TableFormat>;

/** The JSON of a call frame: one request to a worker (runtimes/PROTOCOL.md). Paths are absolute. */
export const WorkerCall = z.object({
  run: z.string(),
  /** A method of the version, or `load`; or `stage` / `parse` for a plain worker, which has no version. */
  method: z.string(),
  /** True on the old endpoints: DSDL's order to the letter, `summary` included, pandas' guessing of types, errors by its phases. */
  strict: z.boolean(),
  /** The functions' `param`, as JSON text exactly as it was sent: numbers keep their spelling. Null: it comes after the rows, in a param frame. */
  param: z.string().nullable(),
  model: z
    .object({
      /** What `save` and `load` are given: `<algorithm>_<model_name>`. */
      name: z.string(),
      /** Names a loaded model in the worker's cache, such as `iris/default@3`; null: do not keep what was loaded. */
      key: z.string().nullable(),
      /** What `/srv/app/model/data` is during this call. For a fit a new folder, else the model version's. */
      folder: z.string(),
      /** The shared data folder whose files are visible in `folder`. Equal to it when nothing was fitted. */
      shared: z.string(),
    })
    .nullable(),
  input: z.object({
    format: TableFormat,
    /** Columns to keep, in this order; null: all, as sent. */
    fields: z.array(z.string()).nullable(),
    /** Types by column; null: guess as pandas.read_csv does. */
    types: z.record(z.string(), ColumnType).nullable(),
    /** True: `types` are what a fit happened to see, not what anybody declared, so that its whole numbers may come as decimals. */
    fitted: z.boolean().optional(),
    /** What columns come as of which `types` says nothing: guessed from all rows, or text, which does not depend on other rows. */
    untyped: z.enum(["guess", "text"]),
    /** Rows may be applied in blocks, if `types` names every column. */
    rowWise: z.boolean(),
    /** Drop Splunk's `__mv_*` columns. */
    dropMultivalue: z.boolean(),
    /** Read the table from this file instead of the frames (which then hold none). */
    file: z.string().nullable(),
    /** Where in that file further segments begin, in bytes. */
    segments: z.array(z.int().min(0)),
  }),
  output: z.object({
    format: TableFormat,
    /** Each row comes back with all its fields as they came, beside the result's. `summary`, `stage` and `parse` take no notice. */
    append: z.boolean(),
  }),
  /** `stage` only: where to write. The sender renames; a worker writes these and nothing else. */
  stage: z.object({ csv: z.string(), json: z.string(), parquet: z.string() }).nullable(),
});
export type WorkerCall = z.infer<typeof WorkerCall>;

/** The method of a call that only loads a model, for calls to come. No version has a method of this name: `load` is an entry point. */
export const LOAD = "load";

/** First frame of a worker, before any call: its code is imported (else the first frame is an error of phase `import`). */
export const WorkerReady = z.object({
  event: z.literal("ready"),
  pid: z.int(),
  /** Entry points that are callable but not with the arguments that the bridge passes: name → why. */
  uncallable: z.record(z.string(), z.string()),
  /** Public entry points and methods found after import. */
  entryPoints: z.array(z.string()),
  /** Whether it opened its permits, so that calls may be sent ahead. */
  ahead: z.boolean().default(false),
});
export type WorkerReady = z.infer<typeof WorkerReady>;

/** What a worker tells while it computes. */
export const WorkerEvent = z.discriminatedUnion("event", [
  z.object({ event: z.literal("log"), level: z.enum(["debug", "info", "warning", "error"]), text: z.string() }),
  z.object({ event: z.literal("progress"), done: z.number(), total: z.number().nullable(), text: z.string().optional() }),
  z.object({ event: z.literal("metric"), name: z.string(), value: z.number(), step: z.number().nullable() }),
]);
export type WorkerEvent = z.infer<typeof WorkerEvent>;

/** The JSON of a done frame. */
export const WorkerDone = z.object({
  rows: z.object({ received: z.int().min(0), used: z.int().min(0), returned: z.int().min(0) }),
  seconds: z.object({ loading: z.number(), computing: z.number() }),
  device: z.string(),
  /** After a fit: the columns that it saw. */
  signature: Signature.nullable(),
  /** Whether the model was already in memory; null when the call needs none. */
  modelWasLoaded: z.boolean().nullable(),
  /** `summary`: what it returned, as JSON text, so that numbers keep their spelling; null for other methods. */
  summary: z.string().nullable(),
  /** `str(model)` as DSDL's /summary shows it; only on strict calls. */
  modelText: z.string().nullable(),
  /** Sentences for the receipt: what was done otherwise than asked. */
  notes: z.array(z.string()),
  /** True: a fit changed objects of the top level in place, so that another one would not begin as after a fresh import. The worker gets no further call. */
  spent: z.boolean().optional(),
});
export type WorkerDone = z.infer<typeof WorkerDone>;

/** Where in a call something failed. `protocol` is a fault of the bridge, all others are the call's or the code's. */
export const Phase = z.enum(["parse", "stage", "import", "init", "load", "summary", "fit", "save", "apply", "result", "protocol"]);
export type Phase = z.infer<typeof Phase>;

/** The JSON of an error frame. */
export const WorkerError = z.object({
  phase: Phase,
  /** The exception's class, such as `KeyError`; `Cancelled` after a cancel; `TakenBack` where a permit was missing; `SystemExit`; `MemoryError`. */
  type: z.string(),
  /** `str(e)`, as DSDL prints it. */
  message: z.string(),
  /** The file under the version's folder, relative to it, and line, of the innermost frame that is the user's. */
  file: z.string().nullable(),
  line: z.int().nullable(),
  traceback: z.string(),
  /** The columns that the code got, once it got rows; a missing one may be why it failed. */
  columns: z.array(z.string()).nullable().default(null),
  /** Of rows that could not be read: the column whose value is not of the call's type for it. */
  misfit: z.string().nullable().default(null),
  /** As in WorkerDone: what failed or was cancelled may have changed things, too. */
  spent: z.boolean().optional(),
});
export type WorkerError = z.infer<typeof WorkerError>;
