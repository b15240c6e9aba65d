import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Run } from "#contract/run.ts";
import { keepStoresIn, saveNotebook, testBridge } from "./support/bridge.ts";
import { bridgeProcess } from "./support/bridge-process.ts";
import { noPostgres, startPostgres, type TestPostgres } from "./support/postgres.ts";

const waiting = [
  "import time",
  "def apply(model, df, param):\n    print('computing')\n    time.sleep(float(param['options']['params'].get('sleep', 0)))\n    return df",
];

describe.skipIf(noPostgres)(`with its store on Postgres${noPostgres ? `: ${noPostgres}` : ""}`, () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
    keepStoresIn(() => postgres.database());
  });
  afterAll(() => postgres[Symbol.asyncDispose]());

  // The same tests as on SQLite, of all that a call can be.
  describe("calls", () => import("./compute.test.ts").then(() => {}));
  describe("keys", () => import("./idempotency.test.ts").then(() => {}));
  describe("old endpoints", () => import("./old-endpoints.test.ts").then(() => {}));

  it("a bridge says what is wrong while Postgres is away, finishes what computes, and goes on by itself", async () => {
    await using test = await testBridge();
    await test.save("waiting.ipynb", waiting);
    const call = (sleep: string) => test.compute({ algorithm: "waiting", method: "apply", sleep }, "a\n1\n");
    await expect.poll(async () => (await call("0")).status, { timeout: 30_000 }).toBe(200);
    const under = call("3");
    const running = async () => (await (await test.ask("/v1/runs?state=running")).json()) as Run[];
    await expect.poll(async () => (await running()).flatMap(({ log }) => log.map(({ text }) => text))).toEqual(["computing"]);
    await postgres.stop();
    try {
      const ready = await test.ask("/health/ready");
      expect([ready.status, await ready.text()]).toEqual([503, expect.stringContaining("does not answer: connect ECONNREFUSED")]);
      expect(await (await call("0")).json()).toMatchObject({ code: "STORE_AWAY", status: 503 });
      const answer = await under;
      expect([answer.status, await answer.text()]).toEqual([200, "a\n1\n"]);
    } finally {
      await postgres.start();
    }
    await expect.poll(async () => (await test.ask("/health/ready")).status).toBe(200);
    expect((await call("0")).status).toBe(200);
    const run = (await under).headers.get("compute-run");
    await expect
      .poll(async () => ((await (await test.ask("/v1/runs?state=succeeded")).json()) as Run[]).map(({ id }) => id))
      .toContain(run);
    const kinds = async () =>
      ((await (await test.ask("/v1/events?limit=500")).json()) as { kind: string; subject: string }[])
        .filter(({ subject }) => subject === run)
        .map(({ kind }) => kind);
    await expect.poll(kinds, { timeout: 30_000 }).toEqual(["run.started", "run.finished"]);
  });

  it("a bridge that was killed, and starts again alone, says what was interrupted and leaves nothing lying", async () => {
    const home = await mkdtemp(join(tmpdir(), "on-postgres-"));
    try {
      const more = { BRIDGE_STORE: await postgres.database() };
      await mkdir(join(home, "notebooks"));
      await saveNotebook(join(home, "notebooks/waiting.ipynb"), waiting);
      await using first = await bridgeProcess(home, { env: more });
      const headers = { authorization: `Bearer ${first.token}` };
      const runs = async (url: string, state: string) =>
        (await (await fetch(`${url}/v1/runs?state=${state}`, { headers })).json()) as Run[];
      const stop = new AbortController();
      for (const query of ["algorithm=waiting&method=apply&sleep=60", "mode=stage&model_name=rows"]) {
        const body = new ReadableStream<Uint8Array>({ start: (rows) => rows.enqueue(Buffer.from("a\n1\n")) });
        const init = { method: "POST", body, headers: { ...headers, "content-type": "text/csv" }, duplex: "half", signal: stop.signal };
        void fetch(`${first.url}/v1/compute?${query}`, init as RequestInit).catch(() => {});
      }
      await expect.poll(async () => (await runs(first.url, "running")).length, { timeout: 10_000 }).toBe(2);
      await expect.poll(() => readdir(join(home, ".bridge/spool"))).toHaveLength(1);
      const written = () => postgres.sql(more.BRIDGE_STORE, "select id from runs where state = 'running'");
      await expect.poll(written).toHaveLength(2);
      first.child.kill("SIGKILL");
      await once(first.child, "exit");
      stop.abort();
      await using second = await bridgeProcess(home, { env: more });
      expect(await runs(second.url, "interrupted")).toHaveLength(2);
      await expect.poll(() => readdir(join(home, ".bridge/spool")), { timeout: 10_000 }).toEqual([]);
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  });
});
