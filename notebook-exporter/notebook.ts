import { z } from "zod";
import type { Problem } from "#contract/problem.ts";

const Text = z.union([z.string(), z.array(z.string()).transform((lines) => lines.join(""))]);
const Name = z.string().optional().catch(undefined);

const RawCell = z.object({
  cell_type: z.string(),
  source: Text.default(""),
  metadata: z.record(z.string(), z.unknown()).catch({}),
  id: Name,
});

const RawNotebook = z.object({
  nbformat: z.literal(4),
  metadata: z
    .object({
      kernelspec: z.object({ name: Name, language: Name }).optional().catch(undefined),
      language_info: z.object({ name: Name }).optional().catch(undefined),
      compute_bridge: z.unknown().optional(),
    })
    .catch({}),
  cells: z.array(RawCell),
});

/** What the export looks at in a notebook. Outputs are not even validated: they never matter. */
export type Notebook = z.infer<typeof RawNotebook>;

/** Reads what JSON held. Loose in all that the export does not need. */
export function readNotebook(value: unknown): { notebook: Notebook } | { problem: Problem } {
  const read = RawNotebook.safeParse(value);
  if (read.success) return { notebook: read.data };
  return { problem: { severity: "error", ...whyNot(value, read.error) } };
}

function whyNot(value: unknown, error: z.ZodError): Omit<Problem, "severity"> {
  const said = z.looseObject({ nbformat: z.number().optional(), worksheets: z.unknown().optional() }).safeParse(value).data;
  if (said?.worksheets !== undefined || (said?.nbformat ?? 4) < 4) {
    return {
      code: "old-notebook",
      message: `This notebook has the format of ${said?.nbformat ?? 3}, from before 2015; only 4 can be exported.`,
      hint: "Open it in JupyterLab and save it: that brings it to format 4.",
    };
  }
  if (said?.nbformat !== undefined && said.nbformat !== 4) {
    return {
      code: "unknown-format",
      message: `This notebook has the format ${said.nbformat}; only 4 can be exported.`,
      hint: "Save it as nbformat 4.",
    };
  }
  const issue = error.issues[0];
  const [list, place] = issue?.path ?? [];
  return {
    code: "no-notebook",
    ...(list === "cells" && typeof place === "number" ? { cell: place + 1 } : {}),
    message: `The file is JSON, but no notebook: ${issue?.path.join(".") || "it"} is not what nbformat 4 says.`,
    hint: "Open it in JupyterLab and save it, or take the last version that worked.",
  };
}
