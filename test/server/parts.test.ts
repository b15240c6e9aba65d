import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FRAMES_TYPE, FrameKind, FrameReader } from "#contract/frames.ts";
import type { Receipt, Run } from "#contract/run.ts";
import { saveNotebook, type TestBridge, testBridge } from "./support/bridge.ts";
import { bridgeProcess } from "./support/bridge-process.ts";

const adding = (much: number) => [
  [
    "def apply(model, df, param):",
    "    print('rows', len(df))",
    "    if (df['a'] < 0).any():",
    "        raise ValueError('below zero')",
    `    return (df['a'] + ${much}).to_frame('b')`,
  ].join("\n"),
];
const rowWise = { options: { apply: "row-wise", types: { a: "int64" } } };

describe("a run in parts", () => {
  let test: TestBridge;
  beforeAll(async () => {
    test = await testBridge();
    await test.save("adding.ipynb", adding(1), rowWise);
    await cancel(await opened("adding"));
  });
  afterAll(() => test[Symbol.asyncDispose]());

  const open = (algorithm: string, more: Record<string, string> = {}, columns = ["a"], headers: Record<string, string> = {}) =>
    test.ask(`/v1/runs?${new URLSearchParams({ algorithm, method: "apply", ...more })}`, {
      method: "POST",
      body: JSON.stringify({ columns }),
      headers: { "content-type": "application/json", ...headers },
    });
  const opened = async (...args: Parameters<typeof open>) => ((await (await open(...args)).json()) as { run: string }).run;
  const part = (run: string, number: number, rows: string, headers: Record<string, string> = {}) =>
    test.ask(`/v1/runs/${run}/parts/${number}`, { method: "POST", body: rows, headers: { "content-type": "text/csv", ...headers } });
  const end = (run: string) => test.ask(`/v1/runs/${run}/end`, { method: "POST" });
  const cancel = (run: string) => test.ask(`/v1/runs/${run}/cancel`, { method: "POST" });
  const found = async (run: string) => (await (await test.ask(`/v1/runs/${run}`)).json()) as Run;

  it("answers each part, counts one that is sent again once, and ends with the receipt of all", async () => {
    const run = await opened("adding", {}, ["a"], {
      "compute-search": "scheduler__alice_1",
      "compute-app": "search",
      "compute-scheduled": "true",
    });
    expect(await found(run)).toMatchObject({ state: "running", search: { id: "scheduler__alice_1", app: "search", isScheduled: true } });
    expect(await (await part(run, 1, "a\n1\n2\n")).text()).toBe("b\n2\n3\n");
    for (let i = 0; i < 2; i++) expect(await (await part(run, 2, "a,__mv_a\n3,\n")).text()).toBe("b\n4\n");
    const { receipt } = (await (await end(run)).json()) as { receipt: Receipt };
    expect(receipt).toMatchObject({ run, algorithm: "adding", rows: { received: 3, used: 3, returned: 3 }, notes: [] });
    expect(await (await end(run)).json()).toEqual({ receipt });
    expect(await found(run)).toMatchObject({ state: "succeeded", receipt, log: [{ text: "rows 2" }, { text: "rows 1" }] });
    const listed = (await (await test.ask("/v1/runs?search=scheduler__alice_1")).json()) as Run[];
    expect(listed.map(({ id }) => id)).toEqual([run]);
    expect(await (await part(run, 3, "a\n1\n")).json()).toMatchObject({ code: "CONFLICT" });
  });

  it("answers in frames, whose last one holds the part's receipt", async () => {
    const run = await opened("adding");
    const answer = await part(run, 1, "a\n5\n", { accept: FRAMES_TYPE });
    const frames = new FrameReader().push(Buffer.from(await answer.arrayBuffer()));
    expect(frames.map(({ kind }) => kind)).toEqual([FrameKind.event, FrameKind.table, FrameKind.done]);
    expect(JSON.parse(String(frames.at(-1)?.payload))).toMatchObject({ receipt: { run, rows: { received: 1 } } });
    expect((await cancel(run)).status).toBe(204);
  });

  it("stays on the version that it began with while the notebook is saved", async () => {
    await test.save("moving.ipynb", adding(1), rowWise);
    await expect.poll(async () => (await open("moving")).status, { timeout: 30_000 }).toBe(201);
    const run = await opened("moving");
    const { version } = await found(run);
    expect(await (await part(run, 1, "a\n1\n")).text()).toBe("b\n2\n");
    await test.save("moving.ipynb", adding(100), rowWise);
    expect(await (await test.compute({ algorithm: "moving", method: "apply" }, "a\n1\n")).text()).toBe("b\n101\n");
    expect(await (await part(run, 2, "a\n1\n")).text()).toBe("b\n2\n");
    const removal = await test.ask(`/v1/algorithms/moving/versions/${version}`, { method: "DELETE" }).then((each) => each.status);
    const direct = await test.ask(`/v1/versions/moving/${version}`, { method: "DELETE" }).then((each) => each.status);
    expect([removal, direct]).toContain(409);
    await end(run);
  });

  it("says why rows must come at once", async () => {
    await test.save("whole.ipynb", adding(1));
    await expect.poll(async () => (await open("whole")).status, { timeout: 30_000 }).toBe(200);
    expect(await (await open("whole")).json()).toMatchObject({
      run: null,
      rows: "whole",
      notes: [expect.stringContaining('options.apply = "row-wise"')],
    });
    expect(await (await open("adding", {}, ["a", "host"])).json()).toMatchObject({ run: null, notes: [expect.stringContaining("host")] });
    expect((await open("adding", { fields: "a" }, ["a", "host"])).status).toBe(201);
  });

  it("ends with no part missing or failed, and a failed part that is given up fails the run", async () => {
    const run = await opened("adding");
    expect(await (await part(run, 2, "a\n-1\n")).json()).toMatchObject({ code: "CODE_FAILED" });
    expect(await (await end(run)).json()).toMatchObject({ code: "CONFLICT", detail: expect.stringContaining("Part 1") });
    await part(run, 1, "a\n1\n");
    expect(await (await end(run)).json()).toMatchObject({ code: "CONFLICT", detail: expect.stringContaining("below zero") });
    await cancel(run);
    expect(await found(run)).toMatchObject({ state: "failed", error: { code: "CODE_FAILED" } });
    const mended = await opened("adding");
    await part(mended, 1, "a\n-1\n");
    await part(mended, 1, "a\n1\n");
    expect((await end(mended)).status).toBe(200);
    expect(await found(mended)).toMatchObject({ state: "succeeded", receipt: { rows: { received: 1 } } });
  });

  it("fails like any call when there is nothing to begin, and keeps the record", async () => {
    const answer = await open("nothing-of-this-name", {}, ["a"], { "compute-search": "s1" });
    expect([answer.status, await answer.json()]).toMatchObject([404, { code: "NOT_FOUND" }]);
    expect(await (await test.ask("/v1/runs?search=s1")).json()).toMatchObject([{ state: "failed", error: { code: "NOT_FOUND" } }]);
  });

  it("is nobody else's", async () => {
    const run = await opened("adding");
    const made = await test.ask("/v1/tokens", {
      method: "POST",
      body: JSON.stringify({ name: "other" }),
      headers: { "content-type": "application/json" },
    });
    const { token } = (await made.json()) as { token: string };
    const asOther = { authorization: `Bearer ${token}` };
    expect((await part(run, 1, "a\n1\n", asOther)).status).toBe(404);
    expect((await test.ask(`/v1/runs/${run}/cancel`, { method: "POST", headers: asOther })).status).toBe(404);
    await cancel(run);
    expect(await found(run)).toMatchObject({ state: "cancelled" });
  });
});

it("a run in parts goes on after the bridge was killed", async () => {
  const home = await mkdtemp(join(tmpdir(), "parts-"));
  try {
    const first = await bridgeProcess(home);
    const asked = async ({ url, token }: { url: string; token: string }, path: string, body: string, type: string) => {
      const answer = await fetch(new URL(path, url), {
        method: "POST",
        body,
        headers: { authorization: `Bearer ${token}`, ...(type === "" ? {} : { "content-type": type }) },
      });
      return answer.text();
    };
    await saveNotebook(join(home, "notebooks", "adding.ipynb"), adding(1), rowWise);
    let run: string | null = null;
    await expect
      .poll(
        async () => {
          const answer = await asked(first, "/v1/runs?algorithm=adding&method=apply", '{"columns":["a"]}', "application/json");
          run = (JSON.parse(answer) as { run?: string }).run ?? null;
          return run;
        },
        { timeout: 30_000 },
      )
      .toBeTruthy();
    expect(await asked(first, `/v1/runs/${run}/parts/1`, "a\n1\n", "text/csv")).toBe("b\n2\n");
    first.child.kill("SIGKILL");
    await using second = await bridgeProcess(home);
    expect(await asked(second, `/v1/runs/${run}/parts/2`, "a\n2\n", "text/csv")).toBe("b\n3\n");
    const ended = JSON.parse(await asked(second, `/v1/runs/${run}/end`, "", "")) as { receipt: Receipt };
    expect(ended.receipt.rows).toMatchObject({ received: 2, returned: 2 });
    await first[Symbol.asyncDispose]();
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});
