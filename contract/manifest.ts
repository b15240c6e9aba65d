import { z } from "zod";
import { AlgorithmName, VersionId } from "./names.ts";

/** The functions that DSDL and DLTK notebooks define (contracts, section 2). Others may be methods too. */
export const entryPointNames = ["init", "fit", "apply", "save", "load", "summary"] as const;

/**
 * How types of columns are written: what pandas calls the dtype. `datetime64[ns]` parses ISO dates.
 * Anything else is refused at save, with the list.
 */
export const ColumnType = z.enum(["int64", "uint64", "float64", "bool", "object", "datetime64[ns]"]);
export type ColumnType = z.infer<typeof ColumnType>;

/** Columns and their types, in order: what a fit saw, or what a notebook declares. */
export const Signature = z.array(z.object({ name: z.string(), type: ColumnType }));
export type Signature = z.infer<typeof Signature>;

/** `metadata.compute_bridge.options` of a notebook: all of them change behaviour, so all are hashed into the version. */
export const Options = z.looseObject({
  /** `row-wise`: each result row depends on its own input row alone, so rows may come and go in blocks. */
  apply: z.enum(["row-wise", "whole-table"]).optional(),
  /** Types of columns by name; with `row-wise` they let blocks be parsed without guessing. */
  types: z.record(z.string(), ColumnType).optional(),
  /** False: `load` runs at every call instead of once per model version. */
  keep_model: z.boolean().optional(),
  /** True: each row comes back with all its fields beside the result's, unless a call says otherwise. */
  append: z.boolean().optional(),
  /** Seconds that one call may take, instead of the bridge's default. */
  timeout: z.number().positive().optional(),
});
export type Options = z.infer<typeof Options>;

/** `metadata.compute_bridge` of a notebook: what makes it self-contained. Unknown keys are kept. */
export const NotebookSettings = z.looseObject({
  title: z.string().optional(),
  description: z.string().optional(),
  category: z.string().optional(),
  runtime: z.string().optional(),
  environment: z.string().optional(),
  requirements: z.array(z.string()).optional(),
  options: Options.optional(),
});
export type NotebookSettings = z.infer<typeof NotebookSettings>;

/** Where one exported cell lies in the exported file. */
export const CellSpan = z.object({
  /** Counted from 1 over cells of every kind, as problems count them. */
  cell: z.int().min(1),
  /** The cell's `metadata.name` or nbformat id, for people. */
  name: z.string().optional(),
  /** First line of its code in the exported file, from 1. */
  line: z.int().min(1),
  /** How many lines of the exported file are its. */
  lines: z.int().min(0),
  /** Which line of the cell that first line is, from 1. */
  cellLine: z.int().min(1),
});
export type CellSpan = z.infer<typeof CellSpan>;

/** `manifest.json` in a version's folder. Written by the exporter, read by all. */
export const Manifest = z.object({
  name: AlgorithmName,
  version: VersionId,
  /** The name of a folder in runtimes/, such as `python`. */
  runtime: z.string(),
  /** The environment that calls run in unless they say otherwise. */
  environment: z.string(),
  /** The file with the entry points, within `app/model/` of the version's folder: `<name>.py`, or `<name>/__init__.py` of a package. */
  file: z.string(),
  /** The notebook, relative to the notebooks folder, or null for a module laid in by hand. */
  notebook: z.string().nullable(),
  title: z.string(),
  description: z.string(),
  category: z.string(),
  requirements: z.array(z.string()),
  options: Options,
  /** Entry points that the code defines, in the order of `entryPointNames`, then other public functions of three arguments. */
  entryPoints: z.array(z.string()),
  /** What a call may name: the entry points less init, save and load. Empty: the version is a library. */
  methods: z.array(z.string()),
  cells: z.array(CellSpan),
  /** Sibling modules under `app.model` that the code imports, and the version of each that lies in this folder. */
  siblings: z.record(z.string(), z.string()),
});
export type Manifest = z.infer<typeof Manifest>;

/** The cell and line that a line of the exported file came from. */
export function cellAt({ cells }: Pick<Manifest, "cells">, line: number): { cell: number; line: number; name?: string } | undefined {
  const span = cells.findLast((each) => each.line <= line);
  if (!span || line >= span.line + Math.max(span.lines, 1)) return undefined;
  return { cell: span.cell, line: span.cellLine + (line - span.line), ...(span.name === undefined ? {} : { name: span.name }) };
}
