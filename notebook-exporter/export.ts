import { posix } from "node:path";
import { entryPointNames, type Manifest } from "#contract/manifest.ts";
import { AlgorithmName } from "#contract/names.ts";
import type { Problem } from "#contract/problem.ts";
import { type Check, type CheckCell, CheckFailed } from "./answer.ts";
import { assemble, type CellLabel } from "./assemble.ts";
import { hashOf } from "./canonical.ts";
import { contentOf } from "./content.ts";
import { methodsOf, missingEntryPoints } from "./entry-points.ts";
import { languages, spokenIn } from "./languages.ts";
import { isMarked, markOf } from "./marks.ts";
import { type Notebook, readNotebook } from "./notebook.ts";
import { readSettings } from "./settings.ts";
import { collectSiblings, type Files, type FindSibling, modulePath } from "./siblings.ts";

/** What a notebook becomes. Problems that are errors say that it must not go live; its files are there all the same. */
export type Exported = {
  readonly problems: Problem[];
  /** Hash of what the export depends on; empty when it could not be done, so that it is tried again. */
  readonly content: string;
} & (
  | {
      readonly manifest: Manifest;
      /** By path in the version's folder: `app/model/<name>.py`, or a package's files, and the siblings that it imports. */
      readonly files: Files;
      /** Modules of `app.model` that the code itself imports. */
      readonly needs: string[];
    }
  | { readonly manifest: undefined }
);

/** What the notebook's place decides. */
export interface ExportContext {
  /** Its path relative to the notebooks folder, or null. */
  readonly notebook: string | null;
  /** Finds what the code imports from `app.model`; without it nothing is there. */
  readonly siblings?: FindSibling;
}

/**
 * Exports a notebook's marked cells (contract, section 1: the same syntax tree as DSDL's export).
 * Reads and writes nothing itself: what needs the language is asked of `check`. Never throws for what a notebook holds.
 */
export async function exportNotebook(name: string, value: unknown, check: Check, context: ExportContext): Promise<Exported> {
  const content = contentOf(value);
  const refused = (...problems: Problem[]): Exported => ({ manifest: undefined, problems, content });

  const naming = nameProblem(name);
  if (naming) return refused(naming);
  const read = readNotebook(value);
  if ("problem" in read) return refused(read.problem);
  const { metadata } = read.notebook;
  const { marked, unmarked, labels, problems } = sortCells(read.notebook);
  const spoken = spokenIn(metadata);
  const language = languages.find((each) => each.name === spoken);
  // A notebook with nothing to export may be in any language: nobody wants it to run here.
  if (!language) return refused(unknownLanguage(spoken, marked.length > 0), ...problems);

  const { settings, problems: bad } = readSettings(metadata.compute_bridge, name, language);
  problems.unshift(...bad);
  const answer = await check({ cells: marked, unmarked, requirements: settings.requirements }).catch((error: unknown) => {
    if (error instanceof CheckFailed) return error;
    throw error;
  });
  if (answer instanceof CheckFailed) return { manifest: undefined, problems: [...problems, checkFailed(answer)], content: "" };

  const { source, spans } = assemble(language, answer.cells, labels);
  const siblings = await collectSiblings(name, answer.needs, context.siblings ?? (() => undefined));
  const file = name + language.extension;
  const files = { [modulePath(name, language.extension)]: source, ...siblings.files };
  problems.push(...answer.problems, ...siblings.problems, ...(answer.more ? [] : missingEntryPoints(answer.entryPoints)));
  const { runtime, environment, requirements, options } = settings;
  return {
    manifest: {
      name,
      // Siblings count by their text, not by their versions: two that import each other would never come to rest.
      version: hashOf({ files, options, requirements, runtime, environment, ...workingFolder(context.notebook) }).slice(0, 16),
      file,
      notebook: context.notebook,
      ...settings,
      entryPoints: answer.entryPoints,
      methods: methodsOf(answer.entryPoints),
      cells: spans,
      siblings: siblings.siblings,
    },
    files,
    needs: answer.needs.map((each) => each.module),
    problems: inOrder(problems),
    content,
  };
}

/** The code runs in its notebook's folder (relative paths), which so is a part of what it does. */
function workingFolder(notebook: string | null): { folder?: string } {
  const folder = posix.dirname(notebook ?? "");
  return folder === "." ? {} : { folder };
}

function sortCells({ cells }: Notebook) {
  const marked: CheckCell[] = [];
  const unmarked: CheckCell[] = [];
  const labels = new Map<number, CellLabel>();
  const problems: Problem[] = [];
  for (const [at, each] of cells.entries()) {
    const cell = at + 1;
    if (each.cell_type === "raw" && isMarked(each)) problems.push(rawCell(cell));
    if (each.cell_type !== "code") continue;
    (isMarked(each) ? marked : unmarked).push({ cell, source: each.source });
    labels.set(cell, { mark: markOf(each), id: each.id });
  }
  if (marked.length === 0) problems.push(nothingMarked());
  return { marked, unmarked, labels, problems };
}

/** Those of the whole notebook first, then by their place. */
function inOrder(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((a, b) => (a.cell ?? 0) - (b.cell ?? 0) || (a.line ?? 0) - (b.line ?? 0));
}

/** Why a name cannot be an algorithm's. */
export function nameProblem(name: string): Problem | undefined {
  const read = AlgorithmName.safeParse(name);
  if (read.success && name !== "__init__") return undefined;
  const why = read.success ? "Python gives __init__ a meaning of its own" : (read.error.issues[0]?.message ?? "it is no name");
  return { severity: "error", code: "bad-name", message: `"${name}" cannot name an algorithm: ${why}.`, hint: "Rename it." };
}

function rawCell(cell: number): Problem {
  const message = "This raw cell is marked, but raw cells are not exported.";
  return { severity: "warning", code: "raw-cell", cell, message, hint: "Make it a code cell, or take the mark away." };
}

function nothingMarked(): Problem {
  return {
    severity: "warning",
    code: "nothing-marked",
    message: "No code cell is marked, so that nothing is exported.",
    hint: `Mark cells with the tag "export", or with a name in their metadata such as mltkc_${entryPointNames[1]}.`,
  };
}

function unknownLanguage(spoken: string, isMeant: boolean): Problem {
  return {
    severity: isMeant ? "error" : "warning",
    code: "unknown-language",
    message: `Nothing here runs "${spoken}".`,
    hint: `Choose a kernel for one of: ${languages.map((each) => each.name).join(", ")}.`,
  };
}

function checkFailed(error: CheckFailed): Problem {
  return {
    severity: "error",
    code: "check-failed",
    message: `The notebook could not be checked: ${error.message}`,
    hint: "Save it again; if it fails again, see that the models' Python has IPython, pyflakes and packaging.",
  };
}
