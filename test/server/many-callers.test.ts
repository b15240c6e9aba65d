import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type TestBridge, testBridge } from "./support/bridge.ts";

const CALLERS = 32;
const CALLS = 20_000;

let test: TestBridge;
const agent = new Agent({ keepAlive: true, maxSockets: CALLERS + 4 });
beforeAll(async () => {
  test = await testBridge({ BRIDGE_QUEUE: "1000" });
  for (const algorithm of ["first", "second"]) {
    await test.save(`${algorithm}.ipynb`, [
      "import json\nDATA = '/srv/app/model/data/'",
      "def init(df, param):\n    return {'who': param['options']['params']['who']}",
      "def fit(model, df, param):\n    pass",
      `def apply(model, df, param):\n    return df.assign(model=model["who"], algorithm="${algorithm}", asked=param["options"]["params"]["who"])`,
      "def save(model, name):\n    json.dump(model, open(DATA + name + '.json', 'w'))",
      "def load(name):\n    return json.load(open(DATA + name + '.json'))",
      "def summary(model=None):\n    return {}",
    ]);
    for (const model of ["m1", "m2"]) {
      const answer = await test.compute({ algorithm, method: "fit", model_name: model, who: `${algorithm}-${model}` }, "row\n0\n");
      expect(answer.status).toBe(200);
    }
  }
  await test.save("endless.ipynb", [
    "def init(df, param):\n    return 1",
    "def fit(model, df, param):\n    while True:\n        pass",
    "def apply(model, df, param):\n    return df",
  ]);
});
afterAll(async () => {
  agent.destroy();
  await test[Symbol.asyncDispose]();
});

it(`gives ${CALLERS} callers their own rows, model and algorithm in each of ${CALLS} answers`, async () => {
  let next = 0;
  const wrong: string[] = [];
  const caller = async () => {
    while (next < CALLS) {
      const row = next++;
      const algorithm = row % 2 ? "first" : "second";
      const model = row % 3 ? "m1" : "m2";
      const answer = await post(`/v1/compute?algorithm=${algorithm}&method=apply&model_name=${model}&who=w${row}`, `row\n${row}\n`);
      if (answer !== `row,model,algorithm,asked\n${row},${algorithm}-${model},${algorithm},w${row}\n`) wrong.push(answer);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  expect(wrong.slice(0, 3)).toEqual([]);
}, 300_000);

it("answers others, and its health, while a fit never yields", async () => {
  const stop = new AbortController();
  const endless = test.compute({ algorithm: "endless", method: "fit" }, "a\n1\n", { signal: stop.signal }).catch(() => undefined);
  await expect.poll(async () => (await (await test.ask("/v1/runs?algorithm=endless")).json()) as unknown[]).toHaveLength(1);
  await sleep(500);
  for (let i = 0; i < 50; i++) {
    expect(await post(`/v1/compute?algorithm=first&method=apply&model_name=m1&who=x`, "row\n1\n")).toContain("first-m1");
    expect((await fetch(`${test.bridge.url}/health/live`)).status).toBe(200);
  }
  expect(await (await test.ask("/v1/runs?algorithm=endless")).json()).toMatchObject([{ state: "running" }]);
  stop.abort();
  await endless;
  await expect
    .poll(async () => (await (await test.ask("/v1/runs?algorithm=endless")).json()) as unknown[])
    .toMatchObject([{ state: "cancelled" }]);
});

function post(path: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const url = new URL(path, test.bridge.url);
    const sent = request(
      url,
      {
        agent,
        method: "POST",
        headers: { authorization: `Bearer ${test.bridge.token}`, "content-type": "text/csv", "content-length": Buffer.byteLength(body) },
      },
      (answer) => {
        answer.setEncoding("utf8");
        let text = "";
        answer.on("data", (chunk: string) => {
          text += chunk;
        });
        answer.on("end", () => resolve(text));
        answer.on("error", reject);
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}
