import { z } from "zod";
import { CellSpan } from "#contract/manifest.ts";
import { Problem } from "#contract/problem.ts";

/** A cell to look at; `cell` counts from 1 over cells of every kind. */
export interface CheckCell {
  readonly cell: number;
  readonly source: string;
}

/** What is asked of a check: one notebook. */
export interface CheckRequest {
  readonly cells: readonly CheckCell[];
  /** Code cells that are not exported: only to say which of them defines a missing name. */
  readonly unmarked: readonly CheckCell[];
  readonly requirements: readonly string[];
}

/** What is asked of a check: the files of one module. */
export interface ModuleRequest {
  readonly module: string;
  /** The Python files, the one with the entry points first; paths are relative to `app/model/`. */
  readonly files: readonly { readonly path: string; readonly source: string }[];
}

/** What a check found. */
export const CheckAnswer = z.object({
  /** The exported cells as plain code, ending with a line end unless empty; spans count within `source`. */
  cells: z.array(
    z.object({ cell: z.int(), source: z.string(), spans: z.array(CellSpan.pick({ line: true, lines: true, cellLine: true })) }),
  ),
  problems: z.array(Problem),
  /** In the manifest's order. */
  entryPoints: z.array(z.string()),
  /** Whether an `import *` may bring more entry points than were seen. */
  more: z.boolean(),
  /** Sibling modules that the code imports, and where first. */
  needs: z.array(z.object({ module: z.string(), cell: z.int().optional(), file: z.string().optional(), line: z.int() })),
  /** What a module says of itself, as `metadata.compute_bridge` of a notebook. */
  settings: z.unknown().optional(),
});
export type CheckAnswer = z.infer<typeof CheckAnswer>;

/** Looks at exported cells, or at a module, without running them. */
export type Check = (request: CheckRequest | ModuleRequest) => Promise<CheckAnswer>;

/** The check itself could not be done: nothing is known about the notebook. */
export class CheckFailed extends Error {
  override readonly name = "CheckFailed";
}
