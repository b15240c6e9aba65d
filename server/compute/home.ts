import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";

/** The folders of BRIDGE_HOME: all that people make. Absolute paths. */
export interface BridgeHome {
  readonly root: string;
  /** Live files, and `.versions` beside them. */
  readonly model: string;
  /** Fitted state: shared files, and a folder a model version under `.models`. */
  readonly data: string;
  readonly notebooks: string;
  /** What notebooks read as `data/<name>.csv`. */
  readonly staged: string;
  /** The store, tokens and spooled rows: not for notebooks. */
  readonly private: string;
  readonly spool: string;
  readonly answers: string;
  /** Notes of what was deleted and whose files are still to be removed. */
  readonly removals: string;
  /** Begins the names of what this bridge has not finished, so that bridges that share the home leave it alone; "" where none does. */
  readonly mark: string;
}

/** @param mark of a bridge that shares the home (left-behind.ts) */
export function homeAt(root: string, mark = ""): BridgeHome {
  return {
    root,
    model: join(root, "app", "model"),
    data: join(root, "app", "model", "data"),
    notebooks: join(root, "notebooks"),
    staged: join(root, "notebooks", "data"),
    private: join(root, ".bridge"),
    spool: join(root, ".bridge", "spool"),
    answers: join(root, ".bridge", "answers"),
    removals: join(root, ".bridge", "removals"),
    mark,
  };
}

/** Makes the folders that are missing; seeds an empty home from the shipped notebooks. Never writes over a file. */
export async function prepareHome(home: BridgeHome, shippedNotebooks: string): Promise<void> {
  const isNew = !existsSync(home.notebooks);
  for (const folder of [home.model, home.data, home.notebooks, home.staged]) await mkdir(folder, { recursive: true });
  await mkdir(home.private, { recursive: true, mode: 0o700 });
  for (const folder of [home.spool, home.removals]) await mkdir(folder, { recursive: true, mode: 0o700 });
  if (isNew) await seed(shippedNotebooks, home.notebooks);
}

async function seed(from: string, to: string): Promise<void> {
  for (const entry of await readdir(from, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith(".ipynb")) continue;
    const source = join(entry.parentPath, entry.name);
    const target = join(to, source.slice(from.length + 1));
    await mkdir(dirname(target), { recursive: true });
    if (!existsSync(target)) await copyFile(source, target);
  }
}
