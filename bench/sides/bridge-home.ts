import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface Changes {
  /** The file of `algorithms/` that it is made of. Default: its own name's. */
  readonly from?: string;
  /** What becomes of its source. */
  readonly change?: (source: string) => string;
  readonly outputsMb?: number;
}

/** Saves an algorithm as a notebook, by rename. */
export async function saveNotebook(home: string, name: string, { from = name, change, outputsMb }: Changes = {}): Promise<void> {
  const ready = join(home, `${name}.saving`);
  await writeFile(ready, JSON.stringify(await notebookFrom(from, change, outputsMb)));
  await rename(ready, join(home, "notebooks", `${name}.ipynb`));
}

/**
 * An algorithm of `algorithms/` as the one marked cell of a notebook; each of its results depends on its own row alone.
 *
 * @param outputsMb of text that a cell beside it has printed
 */
export async function notebookFrom(name: string, change = (source: string) => source, outputsMb = 0): Promise<object> {
  const source = change(await readFile(join(import.meta.dirname, "../algorithms", `${name}.py`), "utf8"));
  const code = { cell_type: "code", outputs: [], execution_count: null };
  const marked = { ...code, id: "all", metadata: { name: "all" }, source };
  const text = Array.from({ length: outputsMb }, (_, number) => `${String(number).repeat(80).slice(0, 79)}\n`.repeat(12_500));
  const printed = { ...code, id: "seen", metadata: {}, source: "df", outputs: [{ output_type: "stream", name: "stdout", text }] };
  const metadata = {
    language_info: { name: "python" },
    kernelspec: { name: "python3", language: "python", display_name: "Python 3" },
    compute_bridge: { options: { apply: "row-wise" } },
  };
  return { cells: outputsMb > 0 ? [printed, marked] : [marked], metadata, nbformat: 4, nbformat_minor: 5 };
}
