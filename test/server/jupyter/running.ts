import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Jupyter, type JupyterOptions, startJupyter } from "../../../server/jupyter/start.ts";

console.debug = () => {}; // where @jupyterlab/services tells its life

export const python = resolve(import.meta.dirname, "../../../.python/models/bin/python");
export const jupyter = resolve(import.meta.dirname, "../../../.python/jupyter/bin/jupyter");

export interface RunningJupyter extends AsyncDisposable {
  readonly jupyter: Jupyter;
  readonly root: string;
  readonly home: string;
  readonly lines: string[];
  readonly saved: string[];
  /** What was announced, and whether the same path had been told as saved by then. */
  readonly announced: { readonly path: string; readonly notebook: unknown; readonly wasSaved: boolean }[];
}

/** JupyterLab on a new BRIDGE_HOME, both gone when it is disposed of. */
export async function runningJupyter(more: Partial<JupyterOptions> = {}): Promise<RunningJupyter> {
  const home = await mkdtemp(join(tmpdir(), "home-"));
  const lines: string[] = [];
  const saved: string[] = [];
  const announced: { path: string; notebook: unknown; wasSaved: boolean }[] = [];
  const onSaving = (path: string, notebook: unknown) => void announced.push({ path, notebook, wasSaved: saved.includes(path) });
  const say = (facts: object, message: string): void => void lines.push(`${message} ${JSON.stringify(facts)}`);
  const log = { info: say, warn: say, error: say };
  const started = await startJupyter({ jupyter, python, home, port: 0, log, onSaving, onSave: (path) => void saved.push(path), ...more });
  return {
    jupyter: started,
    root: `http://127.0.0.1:${started.port}`,
    home,
    lines,
    saved,
    announced,
    async [Symbol.asyncDispose]() {
      await started[Symbol.asyncDispose]();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** Looks every 50 ms until there is something; the test's own time limit ends it. */
export async function until<T>(look: () => T | Promise<T>): Promise<NonNullable<T>> {
  for (;;) {
    const found = await look();
    if (found) return found;
    await new Promise((later) => setTimeout(later, 50));
  }
}

export const notebook = (...cells: string[]) => ({
  nbformat: 4,
  nbformat_minor: 5,
  metadata: { kernelspec: { name: "python3", display_name: "Python 3", language: "python" } },
  cells: cells.map((source, at) => ({ cell_type: "code", id: `cell-${at}`, metadata: {}, source, outputs: [], execution_count: null })),
});
