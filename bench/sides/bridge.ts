import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { root } from "../places.ts";
import { freePort, start, untilAnswers } from "../started.ts";
import { dsdlWay } from "./dsdl-way.ts";
import { type Asked, algorithmNames, modelNames, type Side, type SideParts, type Way } from "./side.ts";

const TOKEN = "a-token-of-the-benchmark";
const LIVE_SECONDS = 60;

/** The bridge, started by its own command with a home of its own; its algorithms are notebooks. JupyterLab is off. */
export async function startBridge({ folder, python, train }: SideParts): Promise<Side> {
  const port = await freePort();
  const home = join(folder, "home");
  await mkdir(join(home, "notebooks"), { recursive: true });
  for (const name of algorithmNames) await writeFile(join(home, "notebooks", `${name}.ipynb`), await notebookOf(name));
  const env = {
    PATH: process.env.PATH,
    BRIDGE_HOME: home,
    BRIDGE_PORT: String(port),
    BRIDGE_PYTHON: python,
    BRIDGE_JUPYTER: "off",
    BRIDGE_TOKENS: `bench=${TOKEN}`,
  };
  const command = [process.execPath, join(root, "bin/bridge.mjs"), "start"] as const;
  const started = start({ command, cwd: root, env, log: join(folder, "log.txt") });
  const url = `http://127.0.0.1:${port}`;
  const headers = { authorization: `Bearer ${TOKEN}` };
  try {
    await untilAnswers(started, `${url}/health/live`, headers);
    for (const algorithm of algorithmNames) {
      await untilLive(url, headers, algorithm);
      for (const model of modelNames) {
        const answer = await fetch(url + callPath({ algorithm, model }, "fit"), {
          method: "POST",
          headers: { ...headers, "content-type": "text/csv" },
          body: await readFile(train[model]),
        });
        if (!answer.ok) throw new Error(`The bridge could not fit ${algorithm}: ${await answer.text()}`);
        await answer.arrayBuffer();
      }
    }
  } catch (error) {
    await started[Symbol.asyncDispose]();
    throw error;
  }
  const csv: Way = {
    ...{ name: "bridge, CSV", form: "csv", models: modelNames },
    headers: { ...headers, "content-type": "text/csv" },
    path: (asked) => callPath(asked, "apply"),
    body: (_asked, rows) => rows,
  };
  return {
    ...{ url, pid: started.pid, ways: [csv, dsdlWay("bridge, DSDL's JSON", TOKEN)] },
    health: { path: "/health/live", headers },
    [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
  };
}

function callPath({ algorithm, model }: Asked, method: string): string {
  return `/v1/compute?${new URLSearchParams({ algorithm, method, model_name: model })}`;
}

async function untilLive(url: string, headers: Readonly<Record<string, string>>, algorithm: string): Promise<void> {
  let said = "";
  for (const end = performance.now() + LIVE_SECONDS * 1000; performance.now() < end; await sleep(100)) {
    const answer = await fetch(`${url}/v1/algorithms/${algorithm}`, { headers });
    said = await answer.text();
    if (answer.ok && JSON.parse(said).state === "live") return;
  }
  throw new Error(`The bridge does not make ${algorithm} live: ${said}`);
}

/** The algorithm as the one marked cell of a notebook; each of its results depends on its own row alone. */
async function notebookOf(name: string): Promise<string> {
  const source = await readFile(join(import.meta.dirname, "../algorithms", `${name}.py`), "utf8");
  const cell = { cell_type: "code", id: "all", metadata: { name: "all" }, source, outputs: [], execution_count: null };
  const metadata = {
    language_info: { name: "python" },
    kernelspec: { name: "python3", language: "python", display_name: "Python 3" },
    compute_bridge: { options: { apply: "row-wise" } },
  };
  return JSON.stringify({ cells: [cell], metadata, nbformat: 4, nbformat_minor: 5 });
}
