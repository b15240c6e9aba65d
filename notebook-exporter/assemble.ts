import type { CellSpan } from "#contract/manifest.ts";
import type { CheckAnswer } from "./answer.ts";
import type { Language } from "./languages.ts";

/** How a cell is called: in the comment above its code, and by people. */
export interface CellLabel {
  /** `metadata.name`, on one line. */
  readonly mark?: string | undefined;
  readonly id?: string | undefined;
}

/** Puts the cells' plain code into one file, a comment above each. */
export function assemble(
  { header, comment }: Language,
  cells: CheckAnswer["cells"],
  labels: ReadonlyMap<number, CellLabel>,
): { source: string; spans: CellSpan[] } {
  let source = header.map((each) => `${each}\n`).join("");
  let line = header.length + 1;
  const spans: CellSpan[] = [];
  for (const each of cells) {
    const { mark, id } = labels.get(each.cell) ?? {};
    // The empty lines also end a statement that a cell left open with a backslash.
    source += `\n\n${comment} cell ${each.cell}${mark ? `: ${mark}` : ""}\n${each.source}`;
    line += 3;
    const name = mark ?? id;
    for (const span of each.spans) {
      spans.push({ cell: each.cell, ...(name ? { name } : {}), line: line + span.line - 1, lines: span.lines, cellLine: span.cellLine });
    }
    line += each.source.match(/\r\n|\r|\n/g)?.length ?? 0;
  }
  // Half characters cannot be written to a file (and are a syntax error that the check tells).
  return { source: source.toWellFormed(), spans };
}
