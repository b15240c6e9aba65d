import { z } from "zod";
import { AlgorithmName, VersionId } from "./names.ts";
import { Problem } from "./problem.ts";

/** A notebook with marked cells, or a module laid in by hand, as the bridge knows it now. */
export const Algorithm = z.object({
  project: z.string(),
  /** A file's name less its ending. One that is no `AlgorithmName` cannot be called, and has that as its problem. */
  name: z.string(),
  title: z.string(),
  description: z.string(),
  category: z.string(),
  runtime: z.string(),
  environment: z.string(),
  /** Relative to the notebooks folder; null for a module laid in by hand. */
  notebook: z.string().nullable(),
  /**
   * live: the last save runs. failing: the last save has errors (`live`, if any, serves on).
   * missing: its notebook is gone; the last live version serves on.
   */
  state: z.enum(["live", "failing", "missing"]),
  live: VersionId.nullable(),
  /** Of the last save, live or not. */
  problems: z.array(Problem),
  /** Hash of the notebook's content at the last export: the same content is never exported twice. */
  content: z.string(),
  /** When that content was exported. */
  exportedAt: z.iso.datetime(),
});
export type Algorithm = z.infer<typeof Algorithm>;

/** One export of an algorithm, as listed. Its folder holds the code and `manifest.json`. */
export const Version = z.object({
  algorithm: AlgorithmName,
  version: VersionId,
  createdAt: z.iso.datetime(),
  /** Whether calls run it now. */
  isLive: z.boolean(),
  methods: z.array(z.string()),
});
export type Version = z.infer<typeof Version>;
