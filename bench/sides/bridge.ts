import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { arrow, csv, helper, json, named } from "../measures/measure.ts";
import { root } from "../places.ts";
import { freePort, start, untilAnswers } from "../started.ts";
import { type Events, followEvents } from "./bridge-events.ts";
import { saveNotebook } from "./bridge-home.ts";
import { keptBy } from "./bridge-kept.ts";
import { livingOf } from "./bridge-living.ts";
import { dsdlWay } from "./dsdl-way.ts";
import { type Asked, algorithmNames, fittedNames, modelNames, type Side, type SideParts, type Way } from "./side.ts";
import { withHelper } from "./with-helper.ts";

const TOKEN = "a-token-of-the-benchmark";
const OTHER_TOKEN = "another-token-of-the-benchmark";
const LIVE_SECONDS = 60;
/** Of which there is one more each, whose apply calls the prediction helper. */
const helped = ["lr", "rf"] as const;
const helperOf = (algorithm: string): string => `${algorithm}_helper`;
const ARROW_TYPE = "application/vnd.apache.arrow.stream";
const auth = { authorization: `Bearer ${TOKEN}` };
const csvHeaders = { ...auth, "content-type": "text/csv" };

/** The bridge, started by its own command with a home of its own; its algorithms are notebooks. JupyterLab is off. */
export async function startBridge({ folder, python, train }: SideParts): Promise<Side> {
  const port = await freePort();
  const home = join(folder, "home");
  await mkdir(join(home, "notebooks"), { recursive: true });
  for (const name of algorithmNames) await saveNotebook(home, name);
  for (const name of helped) await saveNotebook(home, helperOf(name), { from: name, change: withHelper });
  const env = {
    PATH: process.env.PATH,
    BRIDGE_HOME: home,
    BRIDGE_PORT: String(port),
    BRIDGE_PYTHON: python,
    BRIDGE_JUPYTER: "off",
    BRIDGE_TOKENS: `bench=${TOKEN},other=${OTHER_TOKEN}`,
  };
  const command = [process.execPath, join(root, "bin/bridge.mjs"), "start"] as const;
  const began = performance.now();
  const started = start({ command, cwd: root, env, log: join(folder, "log.txt") });
  const url = `http://127.0.0.1:${port}`;
  await using stack = new AsyncDisposableStack();
  stack.use(started);
  await untilAnswers(started, `${url}/health/live`, { headers: auth });
  await untilLive(url, "trivial");
  // The first import is checked in a worker that the warm process forked.
  const warmSeconds = (performance.now() - began) / 1000;
  for (const name of [...fittedNames, ...helped.map(helperOf)]) {
    await untilLive(url, name);
    for (const model of modelNames) await post(url, callPath(name, "fit", model), await readFile(train[model], "utf8"));
  }
  await untilLive(url, "stubborn");
  const call = (algorithm: string, rows: string) => post(url, callPath(algorithm, "apply", null), rows);
  const hasHelper = (await post(url, callPath(helperOf("lr"), "summary", "a"), "")).replaceAll(/[\\"]/g, "").includes("helper: true");
  const owned = stack.move();
  let following: Promise<Events> | undefined;
  const events = () => (following ??= followEvents(url, auth).then((each) => owned.use(each)));
  return {
    ...{ url, pid: started.pid, ways: waysOf(), health: { path: "/health/live", headers: auth } },
    otherCaller: { authorization: `Bearer ${OTHER_TOKEN}` },
    ...livingOf({ home, pid: started.pid, events, warmSeconds, call }),
    kept: keptBy({ home, call }),
    notes: hasHelper ? [] : [`The prediction helper is not in this checkout: "${helper}" ran its plain fallback.`],
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function waysOf(): Way[] {
  const plain: Way = {
    ...{ name: csv, form: "csv", models: modelNames, headers: csvHeaders },
    path: (asked) => pathOf(asked, "apply"),
    fitPath: (asked) => pathOf(asked, "fit"),
    body: (_asked, rows) => rows,
  };
  const old = dsdlWay(json, TOKEN);
  return [
    plain,
    // Like the others in all but how their apply asks the model.
    {
      ...{ ...plain, name: helper, algorithms: helped, kinds: ["small", "flood"] },
      path: ({ algorithm, model }) => callPath(helperOf(algorithm), "apply", model),
    },
    { ...plain, name: arrow, form: "arrow", kinds: ["large"], headers: { ...auth, "content-type": ARROW_TYPE, accept: ARROW_TYPE } },
    { ...old, kinds: ["small", "flood", "large", "memory", "beside"] },
    {
      ...{ ...old, name: named, models: ["a"], algorithms: ["lr"], kinds: ["large"] },
      headers: { ...old.headers, "compute-algorithm": "lr", "compute-model": "a" },
    },
  ];
}

const pathOf = ({ algorithm, model }: Asked, method: string): string => callPath(algorithm, method, model);

function callPath(algorithm: string, method: string, model: string | null): string {
  return `/v1/compute?${new URLSearchParams({ algorithm, method, ...(model === null ? {} : { model_name: model }) })}`;
}

async function post(url: string, path: string, body: string): Promise<string> {
  const answer = await fetch(url + path, { method: "POST", headers: csvHeaders, body });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`The bridge answered ${path} with ${answer.status}: ${text}`);
  return text;
}

async function untilLive(url: string, algorithm: string): Promise<void> {
  let said = "";
  for (const end = performance.now() + LIVE_SECONDS * 1000; performance.now() < end; await sleep(20)) {
    const answer = await fetch(`${url}/v1/algorithms/${algorithm}`, { headers: auth });
    said = await answer.text();
    if (answer.ok && JSON.parse(said).state === "live") return;
  }
  throw new Error(`The bridge does not make ${algorithm} live: ${said}`);
}
