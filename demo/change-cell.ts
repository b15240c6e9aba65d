import type { INotebookContent } from "@jupyterlab/nbformat";

export interface Change {
  readonly content: INotebookContent;
  /** Counted from 1 over cells of every kind. */
  readonly cell: number;
  readonly from: string;
  readonly to: string;
}

const line = /^DEFAULT_THRESHOLD = (\S+)$/m;

/** The edit that a person would make to be told of more cases: another default threshold. Back again the next time. */
export function changeThreshold(notebook: INotebookContent): Change {
  const content = structuredClone(notebook);
  for (const [index, cell] of content.cells.entries()) {
    const source = Array.isArray(cell.source) ? cell.source.join("") : cell.source;
    const from = cell.cell_type === "code" ? line.exec(source)?.[1] : undefined;
    if (from === undefined) continue;
    const to = from === "0.45" ? "0.5" : "0.45";
    cell.source = source.replace(line, `DEFAULT_THRESHOLD = ${to}`);
    return { content, cell: index + 1, from, to };
  }
  throw new Error(
    "The notebook has no line DEFAULT_THRESHOLD = … any more, which the demo changes.\n  Put it back, or move the notebook away and copy it from notebooks/examples again.",
  );
}
