import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Algorithm } from "#contract/algorithm.ts";
import type { Event } from "#contract/event.ts";
import type { Run } from "#contract/run.ts";
import { saveNotebook } from "./support/bridge.ts";
import { type BridgeProcess, bridgeProcess } from "./support/bridge-process.ts";
import { noPostgres, startPostgres, type TestPostgres } from "./support/postgres.ts";

const answering = (value: string) => [`def apply(model, df, param):\n    return {"said": ["${value}"]}`];
const fitted = [
  "import json, time\nDATA = '/srv/app/model/data/'",
  "def init(df, param):\n    return {}",
  "def fit(model, df, param):\n    time.sleep(float(param['options']['params'].get('sleep', 0)))\n    model['sum'] = int(df['a'].sum())",
  "def apply(model, df, param):\n    time.sleep(float(param['options']['params'].get('sleep', 0)))\n    return {'sum': [model['sum']]}",
  "def save(model, name):\n    json.dump(model, open(DATA + name + '.json', 'w'))",
  "def load(name):\n    return json.load(open(DATA + name + '.json'))",
];

describe.skipIf(noPostgres)(`two bridges on one store and one home${noPostgres ? `: ${noPostgres}` : ""}`, () => {
  let postgres: TestPostgres;
  let home: string;
  let store: string;
  let a: Bridge;
  let b: Bridge;
  let stack: AsyncDisposableStack;

  beforeAll(async () => {
    stack = new AsyncDisposableStack();
    postgres = stack.use(await startPostgres());
    home = await mkdtemp(join(tmpdir(), "two-bridges-"));
    stack.defer(() => rm(home, { recursive: true, force: true }));
    await mkdir(join(home, "notebooks"));
    await save("fitted", fitted);
    store = await postgres.database();
    [a, b] = await Promise.all([start(), start()]);
  });
  afterAll(() => stack.disposeAsync());

  async function start(more: Record<string, string> = {}): Promise<Bridge> {
    return on(stack.use(await bridgeProcess(home, { env: { BRIDGE_STORE: store, ...more } })));
  }
  const save = (name: string, cells: readonly string[], settings: object = {}) =>
    saveNotebook(join(home, "notebooks", `${name}.ipynb`), cells, settings);
  const isLive = (name: string) =>
    expect.poll(async () => (await b.get<Partial<Algorithm>>(`/v1/algorithms/${name}`)).state, { timeout: 30_000 }).toBe("live");
  const running = async () => (await b.get<Run[]>("/v1/runs?state=running")).length;

  it("begin at once with one token, and publish once what both find there", async () => {
    await isLive("fitted");
    expect(a.process.token).toBe(b.process.token);
    expect((await a.events()).filter(({ kind }) => kind === "version.exported")).toHaveLength(1);
  });

  it("run the new code at a call to either right after a save, and export each save once", async () => {
    const before = await a.events();
    const said: string[] = [];
    for (let i = 0; i < 30; i++) {
      await save("talker", answering(`v${i}`));
      said.push(await (i % 2 ? a : b).call({ algorithm: "talker", method: "apply" }));
    }
    expect(said).toEqual(Array.from({ length: 30 }, (_, i) => `said\nv${i}\n`));
    const events = (await a.events()).slice(before.length);
    const exported = events.filter(({ kind }) => kind === "version.exported").map(({ data }) => data.version);
    expect([exported.length, new Set(exported).size]).toEqual([30, 30]);
    expect(events.filter(({ kind }) => kind === "version.live")).toHaveLength(30);
    const logged = [...(a.process.logged() + b.process.logged()).matchAll(/"algorithm":"(\w+)".*a version went live/g)];
    expect(logged.map(([, name]) => name).sort()).toEqual(["fitted", ...Array<string>(30).fill("talker")]);
    expect(await readdir(join(home, "app/model/.versions/talker"))).toHaveLength(30);
  });

  it("run the new code at a call to either right after a save of what it imports", async () => {
    await save("lib", ["V = 'v0'"]);
    await isLive("lib");
    await save("importer", [`from app.model.lib import V\n${answering("%s")[0]?.replace('"%s"', "V")}`]);
    const module = join(home, "app/model/importing.py");
    await writeFile(module, 'from app.model.lib import V\ndef apply(model, df, param):\n    return {"said": [V]}\n');
    for (const name of ["importer", "importing"]) await isLive(name);
    const said: string[] = [];
    for (let i = 0; i < 20; i++) {
      await save("lib", [`V = 'v${i}'`]);
      said.push(await (i % 2 ? a : b).call({ algorithm: i % 4 < 2 ? "importer" : "importing", method: "apply" }));
    }
    expect(said).toEqual(Array.from({ length: 20 }, (_, i) => `said\nv${i}\n`));
  });

  it("tell of a save that cannot go live, whichever is asked", async () => {
    await save("broken", ["def apply(model, df, param)"]);
    for (const bridge of [a, b]) expect(await bridge.call({ algorithm: "broken", method: "apply" })).toContain("NOT_LIVE");
  });

  it("apply what the other has fitted, and list each other's runs and datasets", async () => {
    for (const [rows, sum] of [
      ["a\n1\n2\n", 3],
      ["a\n5\n", 5],
    ] as const) {
      expect(await a.call({ algorithm: "fitted", method: "fit" }, rows)).not.toContain("code");
      for (const bridge of [b, a]) expect(await bridge.call({ algorithm: "fitted", method: "apply" }, "a\n0\n")).toBe(`sum\n${sum}\n`);
    }
    expect(await b.get<unknown[]>("/v1/models")).toMatchObject([{ algorithm: "fitted", version: 2 }]);
    const fits = await Promise.all([a, b, a, b].map((each) => each.call({ algorithm: "fitted", method: "fit" }, "a\n1\n")));
    expect(fits.join()).not.toContain("code");
    expect(await b.get<unknown[]>("/v1/models")).toMatchObject([{ version: 6 }]);
    await a.call({ mode: "stage", model_name: "rows" }, "a\n1\n");
    await b.call({ mode: "stage", model_name: "rows" }, "a\n1\n2\n");
    expect(await a.get("/v1/datasets/rows")).toMatchObject({ version: 2, rows: 2 });
    const ids = async (bridge: Bridge) => (await bridge.get<Run[]>("/v1/runs?algorithm=fitted&state=succeeded")).map(({ id }) => id);
    // Each knows its own at once, and the other's when they are written.
    for (const bridge of [a, b]) await expect.poll(() => ids(bridge).then(({ length }) => length)).toBe(10);
    expect(await ids(b)).toEqual(await ids(a));
  });

  it("see each other's events in order and without gaps, and go on where the other's stream ended", async () => {
    await expect.poll(running).toBe(0);
    const last = (await b.events()).at(-1)?.number ?? 0;
    const onB = b.stream(last);
    const early = a.stream(last);
    const calls = Array.from({ length: 40 }, (_, i) => (i % 2 ? a : b).call({ algorithm: "fitted", method: "apply" }));
    const first = await early.until((events) => events.filter(({ kind }) => kind === "run.finished").length >= 5);
    const seen = first.at(-1)?.number ?? 0;
    const rest = b.stream(seen);
    await Promise.all(calls);
    const isAll = (events: readonly Event[]) => events.filter(({ kind }) => kind === "run.finished").length === 40;
    const all = await onB.until(isAll);
    expect(all.map(({ number }) => number)).toEqual(Array.from(all, (_, i) => last + i + 1));
    const joined = await rest.until((events) => isAll([...first, ...events]));
    expect([...first, ...joined]).toEqual(all);
  });

  it("answer a repeated call with the same key alike on either, and run it once", async () => {
    await a.call({ algorithm: "fitted", method: "fit" }, "a\n1\n");
    const options = { algorithm: "fitted", method: "apply", sleep: "1.5" };
    const once = a.ask(options, "a\n1\n", { "idempotency-key": "same" });
    await expect.poll(running, { timeout: 10_000 }).toBe(1);
    expect((await b.ask(options, "a\n1\n", { "idempotency-key": "same" })).status).toBe(409);
    const answer = await once;
    const again = await b.ask(options, "a\n1\n", { "idempotency-key": "same" });
    expect(again.headers.get("idempotent-replayed")).toBe("true");
    expect([again.headers.get("compute-run"), await again.text()]).toEqual([answer.headers.get("compute-run"), await answer.text()]);
  });

  it("run one JupyterLab between them, and the other says where", async () => {
    const lab = { BRIDGE_JUPYTER: ".python/jupyter/bin/jupyter", BRIDGE_JUPYTER_PORT: "0" };
    const first = await start(lab);
    const second = await start(lab);
    const jupyter = async (bridge: Bridge) =>
      (await bridge.get<{ checks: { name: string }[] }>("/health/ready")).checks.find(({ name }) => name === "jupyter");
    expect(await jupyter(first)).toEqual({ name: "jupyter", ok: true, detail: "" });
    expect(await jupyter(second)).toMatchObject({ ok: true, detail: expect.stringContaining(`process ${first.process.child.pid}`) });
    for (const each of [second, first]) await each.process[Symbol.asyncDispose]();
  });

  it("of which one is killed: the other ends its runs, sweeps up after it and serves on, and it comes back clean", async () => {
    expect(await a.call({ algorithm: "fitted", method: "fit" }, "a\n1\n")).toBe("sum\n1\n");
    for (const bridge of [a, b])
      void bridge
        .ask({ algorithm: "fitted", method: "fit", sleep: "7", model_name: `m${bridge.process.child.pid}` }, "a\n1\n")
        .catch(() => {});
    const unfinished = async () => (await readdir(join(home, "app/model/data/.models"))).filter((each) => each.startsWith("."));
    await expect.poll(unfinished, { timeout: 10_000 }).toHaveLength(2);
    await expect.poll(running, { timeout: 10_000 }).toBe(2);
    a.process.child.kill("SIGKILL");
    await once(a.process.child, "exit");
    expect(await b.call({ algorithm: "fitted", method: "apply" }, "a\n1\n")).toBe("sum\n1\n");
    await expect.poll(async () => (await b.get<Run[]>("/v1/runs?state=interrupted")).length, { timeout: 15_000 }).toBe(1);
    await expect.poll(unfinished, { timeout: 10_000 }).toHaveLength(1);
    a = await start();
    expect(await a.call({ algorithm: "fitted", method: "apply" }, "a\n1\n")).toBe("sum\n1\n");
    await expect.poll(running, { timeout: 20_000 }).toBe(0);
    expect(await a.get<unknown[]>("/v1/models")).toHaveLength(2);
    expect(await a.get<Run[]>("/v1/runs?state=interrupted")).toHaveLength(1);
    expect(await unfinished()).toEqual([]);
  });

  it("take parts of one run in turns, and of one that a killed bridge opened", async () => {
    await save("parts", [`def apply(model, df, param):\n    return df[["a"]] * 2`], {
      options: { apply: "row-wise", types: { a: "int64" } },
    });
    const c = await start();
    const posted = async (to: Bridge, path: string, body = "", type = "text/csv") => {
      const { url, token } = to.process;
      const headers = { authorization: `Bearer ${token}`, "content-type": type };
      return (await fetch(new URL(path, url), { method: "POST", body, headers })).text();
    };
    const { run } = JSON.parse(await posted(c, "/v1/runs?algorithm=parts&method=apply", '{"columns":["a"]}', "application/json")) as {
      run: string;
    };
    expect(await posted(c, `/v1/runs/${run}/parts/1`, "a\n1\n")).toBe("a\n2\n");
    c.process.child.kill("SIGKILL");
    expect(await Promise.all([posted(a, `/v1/runs/${run}/parts/2`, "a\n2\n"), posted(b, `/v1/runs/${run}/parts/3`, "a\n3\n")])).toEqual([
      "a\n4\n",
      "a\n6\n",
    ]);
    expect(JSON.parse(await posted(b, `/v1/runs/${run}/end`))).toMatchObject({ receipt: { rows: { received: 3 } } });
    expect(await a.get<Run>(`/v1/runs/${run}`)).toMatchObject({ state: "succeeded" });
  });

  it("of which one is killed as it publishes: the other publishes the save", async () => {
    await save("slow", ["import time\ntime.sleep(2)", ...answering("slow")]);
    await expect.poll(() => readdir(join(home, "app/model/.versions")), { timeout: 10_000 }).toContain("slow");
    a.process.child.kill("SIGKILL");
    await once(a.process.child, "exit");
    await isLive("slow");
    expect(await b.call({ algorithm: "slow", method: "apply" })).toBe("said\nslow\n");
  });
});

/** What the tests ask of a bridge. */
interface Bridge {
  readonly process: BridgeProcess;
  ask(options: Record<string, string>, rows?: string, headers?: Record<string, string>): Promise<Response>;
  /** The text of the answer. */
  call(options: Record<string, string>, rows?: string): Promise<string>;
  get<T>(path: string): Promise<T>;
  /** All that there are. */
  events(): Promise<Event[]>;
  /** The stream of those after a number; `until` gives what came as soon as it is enough, and ends it. */
  stream(after: number): { until(enough: (events: readonly Event[]) => boolean): Promise<Event[]> };
}

function on(process: BridgeProcess): Bridge {
  const authorization = `Bearer ${process.token}`;
  const ask: Bridge["ask"] = (options, rows = "a\n1\n", headers = {}) =>
    fetch(`${process.url}/v1/compute?${new URLSearchParams(options)}`, {
      method: "POST",
      body: rows,
      headers: { authorization, "content-type": "text/csv", ...headers },
    });
  const get = async <T>(path: string) => (await (await fetch(process.url + path, { headers: { authorization } })).json()) as T;
  return {
    process,
    ask,
    get,
    call: async (options, rows) => (await ask(options, rows)).text(),
    async events() {
      const all: Event[] = [];
      for (;;) {
        const next = await get<Event[]>(`/v1/events?limit=500&after=${all.at(-1)?.number ?? 0}`);
        if (next.length === 0) return all;
        all.push(...next);
      }
    },
    stream(after) {
      const gone = new AbortController();
      const headers = { authorization, accept: "text/event-stream", "last-event-id": String(after) };
      const answer = fetch(`${process.url}/v1/events`, { headers, signal: gone.signal });
      return {
        async until(enough) {
          const events: Event[] = [];
          let text = "";
          for await (const chunk of (await answer).body ?? []) {
            text += Buffer.from(chunk).toString();
            const messages = text.split("\n\n");
            text = messages.pop() ?? "";
            for (const message of messages) {
              const [, data] = /^data: (.*)$/m.exec(message) ?? [];
              if (data !== undefined) events.push(JSON.parse(data) as Event);
            }
            if (enough(events)) break;
          }
          gone.abort();
          return events;
        },
      };
    },
  };
}
