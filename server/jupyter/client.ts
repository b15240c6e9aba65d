import type { INotebookContent } from "@jupyterlab/nbformat";
import services from "@jupyterlab/services";
import { type NotebookFiles, notebookFiles } from "./contents.ts";
import { type CellOutput, executeCells } from "./execute.ts";

/** What the bridge does in a running JupyterLab, as a person would: with its contents API and its kernels. */
export interface JupyterClient extends NotebookFiles, Disposable {
  /**
   * Runs code cells of a notebook in a kernel of its own, one after the other, and shuts that kernel down.
   *
   * @param cells which, counted from 1 over cells of every kind; those that are not code are passed over. undefined: all
   * @returns how many ran
   * @throws JupyterFailed with the cell's number and traceback at the first that raises
   */
  execute(path: string, cells: readonly number[] | undefined, onOutput?: (output: CellOutput) => void): Promise<number>;
}

/** @param root such as `http://127.0.0.1:8888` */
export function connectJupyter(root: string, token: string): JupyterClient {
  const settings = services.ServerConnection.makeSettings({ baseUrl: root, wsUrl: root.replace(/^http/, "ws"), token, appendToken: true });
  const drive = new services.Drive({ serverSettings: settings });
  const files = notebookFiles(drive);
  return {
    ...files,
    async execute(path, cells, onOutput = () => {}) {
      const { content } = await files.open(path);
      return executeCells(settings, path, chosen(content, cells), onOutput);
    },
    [Symbol.dispose]: () => drive.dispose(),
  };
}

function chosen({ cells }: INotebookContent, wanted: readonly number[] | undefined): { cell: number; source: string }[] {
  return cells
    .map(({ cell_type, source }, index) => ({ cell: index + 1, cell_type, source: Array.isArray(source) ? source.join("") : source }))
    .filter(({ cell, cell_type }) => cell_type === "code" && (wanted?.includes(cell) ?? true));
}
