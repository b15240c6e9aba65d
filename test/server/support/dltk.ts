import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

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
