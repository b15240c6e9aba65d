import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { main, type RunningBridge } from "../../../server/main.ts";

/** A bridge of a test's own: real store, real workers, loopback, a port that was free. */
export interface TestBridge extends AsyncDisposable {
  readonly bridge: RunningBridge;
  readonly home: string;
  /** Asks with the token. */
  ask(path: string, init?: RequestInit): Promise<Response>;
  /** POST /v1/compute. */
  compute(options: Record<string, string>, rows?: string | Buffer, init?: RequestInit): Promise<Response>;
  /** POST to an old endpoint, answering its parsed JSON. */
  old(method: "fit" | "apply", body: unknown): Promise<{ status: string; message: string; results?: string }>;
  /** Saves a notebook of these cells by temp + rename. Each text is a cell named by its place. */
  save(path: string, cells: readonly string[], settings?: object): Promise<void>;
  /** Lays a file into app/model, as deployments do, by temp + rename. */
  lay(path: string, text: string | Buffer): Promise<void>;
}

let newDatabase: (() => Promise<string>) | undefined;

/** From now on each bridge that a test starts has its store in a database of its own, made so. */
export function keepStoresIn(database: () => Promise<string>): void {
  newDatabase = database;
}

/** @param env more settings; Jupyter is off unless said */
export async function testBridge(env: Record<string, string> = {}): Promise<TestBridge> {
  const home = await mkdtemp(join(tmpdir(), "bridge-"));
  await mkdir(join(home, "notebooks"), { recursive: true }); // a home that is not new gets no shipped notebooks
  const bridge = await main({
    PATH: process.env.PATH,
    BRIDGE_HOME: home,
    BRIDGE_PORT: "0",
    BRIDGE_JUPYTER: "off",
    BRIDGE_LOG: "error",
    ...python(),
    ...(newDatabase ? { BRIDGE_STORE: await newDatabase() } : {}),
    ...env,
  });
  const ask: TestBridge["ask"] = (path, init = {}) =>
    fetch(new URL(path, bridge.url), { ...init, headers: { authorization: `Bearer ${bridge.token}`, ...init.headers } });
  return {
    bridge,
    home,
    ask,
    compute: (options, rows = "", init = {}) =>
      ask(`/v1/compute?${new URLSearchParams(options)}`, {
        method: "POST",
        body: rows,
        ...init,
        headers: { "content-type": "text/csv", ...init.headers },
      }),
    async old(method, body) {
      const answer = await ask(`/${method}`, { method: "POST", body: typeof body === "string" ? body : JSON.stringify(body) });
      return (await answer.json()) as { status: string; message: string; results?: string };
    },
    save: (path, cells, settings) => saveNotebook(join(home, "notebooks", path), cells, settings),
    lay: (path, text) => layFile(join(home, "app/model", path), text),
    async [Symbol.asyncDispose]() {
      await bridge.close();
      await rm(home, { recursive: true, force: true });
    },
  };
}

function python(): Record<string, string> {
  return process.env.BRIDGE_PYTHON ? { BRIDGE_PYTHON: process.env.BRIDGE_PYTHON } : {};
}

/** Writes a notebook whose cells are all exported, as editors do: beside, then renamed. */
export async function saveNotebook(file: string, cells: readonly string[], settings: object = {}): Promise<void> {
  await layFile(file, JSON.stringify(contentWith(cells, settings)));
}

/** Writes a file beside its place, then renames it. */
export async function layFile(file: string, text: string | Buffer): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.tmp`, text);
  await rename(`${file}.tmp`, file);
}

/** A notebook whose cells are all exported. */
export function contentWith(cells: readonly string[], settings: object = {}) {
  return {
    cells: cells.map((source, index) => ({
      ...{ cell_type: "code", id: `cell${index + 1}`, metadata: { name: `cell${index + 1}` } },
      ...{ source, outputs: [], execution_count: null },
    })),
    metadata: {
      language_info: { name: "python" },
      kernelspec: { name: "python3", language: "python", display_name: "Python 3" },
      compute_bridge: settings,
    },
    nbformat: 4,
    nbformat_minor: 5,
  };
}
