import type { INotebookContent } from "@jupyterlab/nbformat";

export interface NewNotebook {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly category: string;
  readonly runtime: string;
  readonly environment: string;
}

/**
 * A new algorithm's notebook: the template with the algorithm's own words in `metadata.compute_bridge` and as its heading.
 * What else the template says there (options, requirements) stays. The template itself is left as it is.
 */
export function notebookFromTemplate(template: INotebookContent, wanted: NewNotebook): INotebookContent {
  const notebook = structuredClone(template);
  const { name, ...settings } = wanted;
  const before = notebook.metadata.compute_bridge;
  notebook.metadata.compute_bridge = { ...(typeof before === "object" && before !== null ? before : {}), ...settings };
  const first = notebook.cells[0];
  if (first?.cell_type === "markdown") {
    const text = Array.isArray(first.source) ? first.source.join("") : first.source;
    const [, ...rest] = text.split("\n");
    const heading = [`# ${wanted.title || name}`, ...(wanted.description ? ["", wanted.description] : [])];
    first.source = /^# /.test(text) ? [...heading, ...rest].join("\n") : [...heading, "", text].join("\n");
  }
  return notebook;
}
