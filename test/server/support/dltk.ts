import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { recorder } from "./recorder.ts";

/** DLTK 4's Splunk app, as far as a deployment sees it (dltk_client.py). */
export interface DltkApp extends AsyncDisposable {
  /** The algorithm that the app keeps. */
  algorithm(): Promise<{ version: number; code: string }>;
  /** Somebody edits the algorithm in the app. */
  edit(code: string, version: number): Promise<void>;
  sync(): Promise<{ did: string; version?: number; code?: number; reason?: string; python?: string }>;
  /** What a search with `| compute` shows. */
  search(
    method: string,
    options: Record<string, string>,
    rows?: readonly Record<string, string>[],
  ): Promise<{ events?: unknown; error?: string; type?: string }>;
}

/** @param address of the deployment, as it would be entered in DLTK */
export async function dltkApp(address: string): Promise<DltkApp> {
  const folder = await mkdtemp(join(tmpdir(), "dltk-"));
  const state = join(folder, "algorithm.json");
  const json = async (value: unknown) => {
    const file = join(folder, randomUUID());
    await writeFile(file, JSON.stringify(value));
    return file;
  };
  const python = process.env.BRIDGE_PYTHON ?? resolve(import.meta.dirname, "../../../.python/models/bin/python");
  const run = async (...args: string[]) =>
    JSON.parse((await promisify(execFile)(python, [join(import.meta.dirname, "dltk_client.py"), ...args])).stdout);
  const edit = (code: string, version: number) => writeFile(state, JSON.stringify({ version, code }));
  await edit("", 0);
  return {
    edit,
    algorithm: async () => JSON.parse(await readFile(state, "utf8")),
    sync: () => run("sync", address, state),
    search: async (method, options, rows = []) => run("call", address, method, await json(options), await json(rows)),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}

interface Said {
  readonly status: string;
  readonly message: string;
  readonly results?: string;
}

/** What DLTK's app sends with rows. */
export const metaOf = (params: object = {}, more: object = {}) => ({ options: { params: { algo: "notebook", ...params }, ...more } });

/** A call as DLTK's app makes it. @param address up to `fit` or `apply` */
export async function calledAt(address: string, body: unknown): Promise<Said> {
  const answer = await fetch(address, { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } });
  return (await answer.json()) as Said;
}

/** Cells of an algorithm that gives back the rows that it got. */
export const echo: readonly string[] = recorder.map((cell) =>
  cell.includes("def apply") ? "def apply(model, df, param):\n    return df.drop(columns='added', errors='ignore')" : cell,
);

/** The text of a notebook whose cells are all exported. */
export function notebookOf(cells: readonly string[]): string {
  return JSON.stringify({
    cells: cells.map((source, index) => ({
      ...{ cell_type: "code", id: `cell${index + 1}`, metadata: { name: `dltk_${index + 1}` } },
      ...{ source, outputs: [], execution_count: null },
    })),
    metadata: { language_info: { name: "python" }, kernelspec: { name: "python3", language: "python", display_name: "Python 3" } },
    nbformat: 4,
    nbformat_minor: 5,
  });
}
