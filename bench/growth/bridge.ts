import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Case, Target } from "../load/job.ts";
import { modelsPython, root } from "../places.ts";
import { freePort, start } from "../started.ts";

const TOKEN = "a-token-of-the-benchmark";
const START_SECONDS = 300;
const LIVE_SECONDS = 300;

/** A bridge whose only algorithms are copies of the trivial one, or of another without a model. */
export interface GrowingBridge extends AsyncDisposable {
  readonly pid: number;
  readonly target: Target;
  /** Seconds from its start to its first answer. */
  readonly startSeconds: number;
  /** Saves notebooks of these names and waits until all are live. @param algorithm the file in `algorithms/` that they are copies of */
  add(names: readonly string[], algorithm?: "trivial" | "timed"): Promise<void>;
  /** Fits the algorithm once, so that the types of its columns are known. */
  fit(name: string, rows: string): Promise<void>;
  /** @throws Error for what is no success */
  get(path: string): Promise<unknown>;
}

/** @param home made when it is missing @param env settings beside those of every benchmark */
export async function startBridge(home: string, env: Readonly<Record<string, string>> = {}): Promise<GrowingBridge> {
  await mkdir(join(home, "notebooks"), { recursive: true });
  const url = `http://127.0.0.1:${await freePort()}`;
  const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "text/csv" };
  const settings = {
    PATH: process.env.PATH,
    BRIDGE_HOME: home,
    BRIDGE_PORT: new URL(url).port,
    BRIDGE_PYTHON: modelsPython,
    BRIDGE_JUPYTER: "off",
    BRIDGE_TOKENS: `bench=${TOKEN}`,
    ...env,
  };
  const began = performance.now();
  const command = [process.execPath, join(root, "bin/bridge.mjs"), "start"] as const;
  const started = start({ command, cwd: root, env: settings, log: `${home}.log` });
  const ask = (path: string, init: RequestInit = {}): Promise<Response> => fetch(url + path, { ...init, headers });

  try {
    await until(
      START_SECONDS,
      async () => {
        if (started.child.exitCode !== null) throw new Error(`The bridge ended: ${started.said()}`);
        const answer = await ask("/health/live").catch(() => undefined);
        await answer?.arrayBuffer();
        return answer?.ok ?? false;
      },
      () => `The bridge does not answer: ${started.said()}`,
    );
  } catch (error) {
    await started[Symbol.asyncDispose]();
    throw error;
  }
  return {
    pid: started.pid,
    target: { url, headers, form: "csv" },
    startSeconds: (performance.now() - began) / 1000,

    async add(names, algorithm = "trivial") {
      for (const name of names) await saveNotebook(home, name, algorithm);
      let said = "";
      for (const name of names) {
        await until(
          LIVE_SECONDS,
          async () => {
            const answer = await ask(`/v1/algorithms/${name}`);
            said = await answer.text();
            return answer.ok && JSON.parse(said).state === "live";
          },
          () => `${name} does not become live: ${said}`,
        );
      }
    },

    async fit(name, rows) {
      const answer = await ask(callPath(name, "fit"), { method: "POST", body: rows });
      const said = await answer.text();
      if (!answer.ok) throw new Error(`${name} could not be fitted: ${said}`);
    },

    async get(path) {
      const answer = await ask(path);
      if (!answer.ok) throw new Error(`${path} answers ${answer.status}: ${await answer.text()}`);
      return answer.json();
    },

    [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
  };
}

export function callPath(algorithm: string, method = "apply"): string {
  return `/v1/compute?${new URLSearchParams({ algorithm, method })}`;
}

/** One-row calls, each of one of these algorithms with equal chance; neighbours in time have different rows. */
export function casesOf(names: readonly string[], count = 64): Case[] {
  return Array.from({ length: count }, (_, number) => {
    const row = `a,b,c,d\n${number}.5,1.25,2.125,3.0625\n`;
    return { path: callPath(names[mixed(number) % names.length] ?? ""), body: row, results: row };
  });
}

/** A number that looks drawn, and is the same in each run. */
function mixed(number: number): number {
  const first = Math.imul(number ^ (number >>> 15), 0x85ebca6b);
  return (Math.imul(first ^ (first >>> 13), 0xc2b2ae35) ^ (first >>> 16)) >>> 0;
}

/** Asks until the answer is yes. */
async function until(seconds: number, ask: () => Promise<boolean>, complaint: () => string): Promise<void> {
  for (const end = performance.now() + seconds * 1000; !(await ask()); await sleep(20))
    if (performance.now() > end) throw new Error(complaint());
}

/** Each copy says its name: versions are of contents, and no two are to be one. */
async function saveNotebook(home: string, name: string, algorithm: string): Promise<void> {
  const code = await readFile(join(import.meta.dirname, `../algorithms/${algorithm}.py`), "utf8");
  const cell = { cell_type: "code", id: "all", metadata: { name: "all" }, source: `${code}\nNAME = "${name}"\n`, outputs: [] };
  const metadata = {
    language_info: { name: "python" },
    kernelspec: { name: "python3", language: "python", display_name: "Python 3" },
    compute_bridge: { options: { apply: "row-wise" } },
  };
  const notebook = { cells: [{ ...cell, execution_count: null }], metadata, nbformat: 4, nbformat_minor: 5 };
  const ready = join(home, `${name}.saving`);
  await writeFile(ready, JSON.stringify(notebook));
  await rename(ready, join(home, "notebooks", `${name}.ipynb`));
}
