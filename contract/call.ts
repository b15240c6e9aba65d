import { z } from "zod";
import { FileSafeName, ModelVersionName } from "./names.ts";
import { Search } from "./run.ts";
import { TableFormat } from "./worker.ts";

/** What is asked for: a method of an algorithm on a model, by whom and until when; or a staging. */
export const Call = z.object({
  /** A method that the version's manifest declares, or `stage`. */
  method: z.string().min(1),
  /** By name or title; null only for a staging. */
  algorithm: z.string().nullable(),
  model: FileSafeName,
  /** Number or alias of the model's version; null: `latest`. Never for a fit, which makes one. */
  modelVersion: ModelVersionName.nullable(),
  /** Name of an environment or one of its aliases; null: the algorithm's own. */
  environment: z.string().nullable(),
  /** The functions' `param`, as JSON text exactly as it goes to them; null: it comes after the rows, as a `LateParam`. */
  param: z.string().nullable(),
  /** Columns to keep, in this order; null: all. */
  fields: z.array(z.string()).nullable(),
  /** Whether each row comes back with all its fields beside the result's; null: as the notebook's options say. */
  append: z.boolean().nullable(),
  /** True for the old DSDL endpoints (`WorkerCall.strict`). */
  strict: z.boolean(),
  input: TableFormat,
  output: TableFormat,
  /** The name of the token that asks. */
  caller: z.string(),
  /** Seconds that the call may take; null: the algorithm's own limit, or the bridge's. */
  timeout: z.number().positive().nullable(),
  search: Search.nullable(),
  /** Which part of its run this is, from 1; null: the run is this call. */
  part: z.int().min(1).nullable(),
  /** How many rows the caller says that it sends; null: it did not say. */
  rowsSent: z.int().min(0).nullable(),
});
export type Call = z.infer<typeof Call>;

/** Stands between the bytes of rows where a segment ends (`FrameKind.segment`). */
export const SEGMENT_END = Symbol("segment end");

/** The `param` of a call that began without. Whoever knows it only after the rows sends them on meanwhile. */
export class LateParam {
  readonly json: string;

  constructor(json: string) {
    this.json = json;
  }
}

/** Rows as bytes: whole, when they are few and of one segment, or as they come. */
export type Rows = Buffer | AsyncIterable<Buffer | typeof SEGMENT_END | LateParam>;

/** A call's name for a staging: it runs no method of an algorithm. */
export const STAGE = "stage";
