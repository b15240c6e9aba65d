import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Saves an algorithm's file of `algorithms/` as a notebook, by rename. @param change what becomes of its source */
export async function saveNotebook(home: string, name: string, from = name, change = (source: string) => source): Promise<void> {
  const source = await readFile(join(import.meta.dirname, "../algorithms", `${from}.py`), "utf8");
  const ready = join(home, `${name}.saving`);
  await writeFile(ready, notebookOf(change(source)));
  await rename(ready, join(home, "notebooks", `${name}.ipynb`));
}

/** The algorithm as the one marked cell of a notebook; each of its results depends on its own row alone. */
function notebookOf(source: string): string {
  const cell = { cell_type: "code", id: "all", metadata: { name: "all" }, source, outputs: [], execution_count: null };
  const metadata = {
    language_info: { name: "python" },
    kernelspec: { name: "python3", language: "python", display_name: "Python 3" },
    compute_bridge: { options: { apply: "row-wise" } },
  };
  return JSON.stringify({ cells: [cell], metadata, nbformat: 4, nbformat_minor: 5 });
}
