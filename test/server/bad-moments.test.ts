import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Run } from "#contract/run.ts";
import { saveNotebook, type TestBridge, testBridge } from "./support/bridge.ts";
import { bridgeProcess } from "./support/bridge-process.ts";

const cells = [
  "import json, os, subprocess, threading, time\nDATA = '/srv/app/model/data/'",
  "def init(df, param):\n    return {'n': len(df)}",
  "def fit(model, df, param):\n    time.sleep(float(param['options']['params'].get('sleep', 0)))",
  `def apply(model, df, param):
    what = param["options"]["params"].get("what", "echo")
    if what == "spin":
        subprocess.Popen(["sleep", "1000"])
        while True:
            pass
    if what == "thread":
        threading.Thread(target=lambda: (time.sleep(0.2), print("late"))).start()
    return df`,
  "def save(model, name):\n    json.dump(model, open(DATA + name + '.json', 'w'))",
  "def load(name):\n    return json.load(open(DATA + name + '.json'))",
  "def summary(model=None):\n    return {}",
];

describe("a bridge that is killed", () => {
  it("leaves no process behind, loses nothing that it acknowledged, and says what was interrupted", async () => {
    await using first = await bridgeProcess();
    const auth = { authorization: `Bearer ${first.token}` };
    await saveNotebook(join(first.home, "notebooks/a.ipynb"), cells);
    const call = (url: string, query: string, signal?: AbortSignal) =>
      fetch(`${url}/v1/compute?${query}`, {
        method: "POST",
        body: "a\n1\n",
        headers: { ...auth, "content-type": "text/csv" },
        ...(signal ? { signal } : {}),
      });
    expect((await call(first.url, "algorithm=a&method=fit")).status).toBe(200);
    expect((await call(first.url, "mode=stage&model_name=rows")).status).toBe(200);
    void call(first.url, "algorithm=a&method=fit&sleep=60").catch(() => {});
    void call(first.url, "algorithm=a&method=apply&what=spin").catch(() => {});
    await sleep(1500); // the records of runs may lag by a second
    const processes = await first.processes();
    expect(processes.length).toBeGreaterThan(3);
    first.child.kill("SIGKILL");
    await once(first.child, "exit");
    await expect.poll(() => processes.filter(isAlive), { timeout: 10_000 }).toEqual([]);

    await using second = await bridgeProcess(first.home);
    const ask = async (path: string) => (await fetch(second.url + path, { headers: auth })).json();
    expect(await ask("/v1/models")).toMatchObject([{ algorithm: "a", version: 1 }]);
    expect(await ask("/v1/datasets/rows")).toMatchObject({ version: 1, rows: 1 });
    expect(await ask("/v1/runs?state=interrupted")).toHaveLength(2);
    expect((await call(second.url, "algorithm=a&method=apply")).status).toBe(200);
    const models = await readdir(join(first.home, "app/model/data/.models"));
    expect(models.filter((each) => each.startsWith("."))).toEqual([]);
    expect(await readdir(join(first.home, ".bridge/spool"))).toEqual([]);
  });
});

it("refuses a home that another bridge uses, and leaves that one alone", async () => {
  await using first = await testBridge();
  await first.save("a.ipynb", cells);
  const running = first.compute({ algorithm: "a", method: "fit", sleep: "2" }, "a\n1\n");
  await expect.poll(async () => (await (await first.ask("/v1/runs")).json()) as unknown[]).toHaveLength(1);
  await expect(testBridge({ BRIDGE_HOME: first.home })).rejects.toMatchObject({
    code: "CONFLICT",
    message: expect.stringContaining("Another bridge"),
  });
  expect((await running).status).toBe(200);
});

it("logs no rows, no parameters and no token, whatever the level and however a call ends", async () => {
  await using bridge = await bridgeProcess();
  const auth = { authorization: `Bearer ${bridge.token}` };
  await saveNotebook(join(bridge.home, "notebooks/a.ipynb"), cells);
  const meta = { options: { params: { algo: "a", sleep: "secret-parameter" } } };
  const answer = await fetch(`${bridge.url}/fit`, {
    method: "POST",
    headers: auth,
    body: JSON.stringify({ data: "a\nsecret-row\n", meta }),
  });
  expect(await answer.json()).toMatchObject({ status: "error" });
  await fetch(`${bridge.url}/v1/compute?algorithm=a&method=fit&key=secret-parameter`, {
    method: "POST",
    headers: auth,
    body: "a\nsecret-row\n",
  });
  expect(bridge.logged()).toContain("a version went live");
  for (const secret of ["secret-row", "secret-parameter", bridge.token]) expect(bridge.logged()).not.toContain(secret);
});

describe("bad luck on the wire", () => {
  let test: TestBridge;
  beforeAll(async () => {
    test = await testBridge();
    await test.save("a.ipynb", cells);
    await test.save("typed.ipynb", cells, { options: { apply: "row-wise", types: { a: "int64" } } });
  });
  afterAll(() => test[Symbol.asyncDispose]());

  it("stages nothing of an upload that breaks off", async () => {
    const { port } = new URL(test.bridge.url);
    const socket = connect(Number(port), "127.0.0.1");
    socket.write(
      `POST /v1/compute?mode=stage&model_name=cut HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${test.bridge.token}\r\ntransfer-encoding: chunked\r\n\r\n4\r\na\n1\n\r\n`,
    );
    await sleep(300);
    socket.destroy();
    await expect.poll(async () => ((await (await test.ask("/v1/runs?limit=1")).json()) as { state: string }[])[0]?.state).toBe("cancelled");
    expect((await test.ask("/v1/datasets/cut")).status).toBe(404);
  });

  it.each([
    ["/v1/compute?algorithm=typed&method=fit&model_name=cut", "content-length: 9", { method: "fit", algorithm: "typed", model: "cut" }],
    ["/v1/compute?mode=stage&model_name=cut", "content-length: 1000000", { method: "stage", model: "cut" }],
    ["/fit", "content-length: 1000", { method: "fit", algorithm: null, model: null }],
    ["/apply", "content-length: 1000", { method: "apply", algorithm: null, model: null }],
  ])("knows who broke off an upload, and of what: %s %s", async (path, length, known) => {
    const newest = async () => ((await (await test.ask("/v1/runs?limit=1")).json()) as Run[])[0];
    const before = (await newest())?.id;
    const socket = connect(Number(new URL(test.bridge.url).port), "127.0.0.1");
    socket.write(
      `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${test.bridge.token}\r\n${length}\r\nexpect: 100-continue\r\n\r\n`,
    );
    await once(socket, "data"); // the request has arrived
    socket.write("a\n1\n");
    socket.end();
    await expect.poll(async () => (await newest())?.id, { timeout: 10_000 }).not.toBe(before);
    await expect
      .poll(newest, { timeout: 10_000 })
      .toMatchObject({ ...known, state: "cancelled", caller: "own", error: { code: "CANCELLED" } });
  });

  it("tells what is wrong with rows while the client still sends them", async () => {
    await test.compute({ algorithm: "typed", method: "fit" }, "a\n1\n");
    let sent = 0;
    const rows = new ReadableStream<Uint8Array>({
      async pull(controller) {
        if (sent === 0) controller.enqueue(Buffer.from("a\nnot a number\n"));
        else controller.enqueue(Buffer.from("1\n".repeat(100_000)));
        if (++sent > 200) controller.close();
      },
    });
    const answer = await test.ask("/v1/compute?algorithm=typed&method=apply", {
      method: "POST",
      body: rows,
      duplex: "half",
      headers: { "content-type": "text/csv" },
    } as RequestInit);
    expect(await answer.json()).toMatchObject({ code: "BAD_TABLE", detail: expect.stringContaining("Row 1, column a") });
  });

  it("holds the rows of a large old request in a file, and removes it", async () => {
    const data = `a,b\n${'1,"x""y"\n'.repeat(1_800_000)}`;
    const answer = await test.old("fit", { data, meta: { options: { params: { algo: "a" } } } });
    expect(answer.results?.length).toBe(data.length);
    expect(await readdir(join(test.home, ".bridge/spool"))).toEqual([]);
  });

  it("keeps lines that come after a call out of the next call's", async () => {
    await test.compute({ algorithm: "a", method: "fit" }, "a\n1\n");
    await test.compute({ algorithm: "a", method: "apply", what: "thread" }, "a\n1\n");
    await sleep(400);
    const answer = await test.compute({ algorithm: "a", method: "apply" }, "a\n1\n");
    const run = (await (await test.ask(`/v1/runs/${answer.headers.get("compute-run")}`)).json()) as { log: unknown[] };
    expect(run.log).toEqual([]);
  });

  it("takes and gives Arrow", async () => {
    const type = "application/vnd.apache.arrow.stream";
    const first = await test.compute({ algorithm: "a", method: "apply" }, "a,b\n1,x\n2,y\n", { headers: { accept: type } });
    expect(first.headers.get("content-type")).toBe(type);
    const arrow = Buffer.from(await first.arrayBuffer());
    const back = await test.compute({ algorithm: "a", method: "apply" }, arrow, { headers: { "content-type": type } });
    expect(await back.text()).toBe("a,b\n1,x\n2,y\n");
  });

  it.each([["../../etc/passwd"], ["..%2f..%2fetc"], ["a\\..\\b"], ["\u0000"], [".."]])("has no file named %j", async (name) => {
    const encoded = encodeURIComponent(name);
    for (const path of [`/v1/algorithms/${encoded}`, `/v1/datasets/${encoded}`, `/v1/models/${encoded}`, `/v1/runs/${encoded}`]) {
      // Dots alone are taken out of an address by the client itself.
      if (name !== "..") expect((await test.ask(path)).status, path).toBeGreaterThanOrEqual(400);
    }
    expect((await test.compute({ mode: "stage", model_name: name }, "a\n1\n")).status).toBe(400);
  });

  it("keeps its token out of files that others may read", async () => {
    expect((await readFile(join(test.home, ".bridge/token"), "utf8")).trim()).toBe(test.bridge.token);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
