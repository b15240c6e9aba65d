import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Saves an algorithm's file of `algorithms/` as a notebook, by rename. @param change what becomes of its source */
export async function saveNotebook(home: string, name: string, from = name, change = (source: string) => source): Promise<void> {
  const ready = join(home, `${name}.saving`);
  await writeFile(ready, JSON.stringify(await notebookFrom(from, change)));
  await rename(ready, join(home, "notebooks", `${name}.ipynb`));
}

/** An algorithm of `algorithms/` as the one marked cell of a notebook; each of its results depends on its own row alone. */
export async function notebookFrom(name: string, change: (source: string) => string): Promise<object> {
  const source = change(await readFile(join(import.meta.dirname, "../algorithms", `${name}.py`), "utf8"));
  const cell = { cell_type: "code", id: "all", metadata: { name: "all" }, source, outputs: [], execution_count: null };
  const metadata = {
    language_info: { name: "python" },
    kernelspec: { name: "python3", language: "python", display_name: "Python 3" },
    compute_bridge: { options: { apply: "row-wise" } },
  };
  return { cells: [cell], metadata, nbformat: 4, nbformat_minor: 5 };
}
