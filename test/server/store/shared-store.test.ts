import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Event } from "#contract/event.ts";
import { openStore } from "../../../server/store/open.ts";
import type { Store } from "../../../server/store/store.ts";
import { noPostgres, startPostgres, type TestPostgres } from "../support/postgres.ts";
import { algorithm, begun, quietLog, runId } from "./store-suite.ts";

const clock = { now: () => new Date().toISOString(), ticks: () => performance.now() };
const succeeded = { state: "succeeded", receipt: null, error: null } as const;
const put = (store: Store, name: string) => store.transaction((tx) => tx.algorithms.put(algorithm(name)));
const numbers = (events: readonly Event[]) => events.map(({ number }) => number);
const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

describe.skipIf(noPostgres)(`a store that bridges share${noPostgres ? `: ${noPostgres}` : ""}`, () => {
  let postgres: TestPostgres;
  let url: string;
  let stack: AsyncDisposableStack;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres[Symbol.asyncDispose]());
  beforeEach(async () => {
    stack = new AsyncDisposableStack();
    url = await postgres.database();
  });
  afterEach(() => stack.disposeAsync());

  const open = async () => stack.use(await openStore({ url, clock, log: quietLog }));
  const two = () => Promise.all([open(), open()]);
  const endSessions = () =>
    postgres.sql(url, "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'compute-bridge%'");

  it("is made once by all that open it at the same time, each with a number of its own", async () => {
    const stores = await Promise.all(Array.from({ length: 5 }, open));
    expect(stores.map(({ bridges }) => bridges.own).sort()).toEqual([1, 2, 3, 4, 5]);
  });

  it("tells both of every event, in order, though both write at once", async () => {
    const stores = await two();
    const heard = stores.map((store) => {
      const events: Event[] = [];
      store.events.subscribe((event) => events.push(event));
      return events;
    });
    await Promise.all(Array.from({ length: 60 }, (_, n) => put(stores[n % 2]!, `a${n}`)));
    for (const events of heard) await expect.poll(() => events.length).toBe(60);
    for (const events of heard) expect(numbers(events)).toEqual(upTo(60));
    expect(heard[0]).toEqual(heard[1]);
  });

  it("shows no event before one of a smaller number: who reads on from the last one misses none", async () => {
    const [a, b] = await two();
    const read: number[] = [];
    let isWriting = true;
    const reading = (async () => {
      for (;;) {
        const isLast = !isWriting;
        const next = await b.events.after(read.at(-1) ?? 0, 7);
        read.push(...numbers(next));
        if (isLast && next.length === 0) return;
      }
    })();
    // The writes of the one take their numbers early and commit late.
    const slow = (name: string) =>
      a.transaction(async (tx) => {
        await tx.algorithms.put(algorithm(name));
        await sleep(3);
      });
    await Promise.all(Array.from({ length: 40 }, (_, n) => (n % 2 ? put(b, `b${n}`) : slow(`a${n}`))));
    isWriting = false;
    await reading;
    expect(read).toEqual(upTo(40));
  });

  it("tells of events whose notices were lost", async () => {
    const [a, b] = await two();
    const heard = new Promise((resolve) => b.events.subscribe(({ subject }) => resolve(subject)));
    await endSessions();
    await expect
      .poll(() =>
        put(a, "iris").then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
    expect(await heard).toBe("iris");
  });

  it("lets one at a time work under a name, here and elsewhere, whatever the work throws", async () => {
    const [a, b] = await two();
    let inside = 0;
    let most = 0;
    const work = async () => {
      most = Math.max(most, ++inside);
      await sleep(5);
      inside--;
      throw new Error("mine");
    };
    const all = Array.from({ length: 12 }, (_, n) => [a, b][n % 2]!.bridges.exclusively("iris", work));
    expect((await Promise.allSettled(all)).map(({ status }) => status)).toEqual(Array(12).fill("rejected"));
    expect(most).toBe(1);
    let other: Promise<string> | undefined;
    expect(await a.bridges.exclusively("iris", () => (other = b.bridges.exclusively("rose", async () => "not held up")))).toBe(
      "not held up",
    );
    await other;
  });

  it("gives a claimed name to the other when its owner gives it back or ends, and says whose it is", async () => {
    const a = await openStore({ url, clock, log: quietLog });
    const b = await open();
    const claim = await a.bridges.claim("jupyter");
    expect(await b.bridges.claim("jupyter")).toBeUndefined();
    expect(await b.bridges.holder("jupyter")).toContain(`process ${process.pid}`);
    await claim?.give();
    expect(await b.bridges.holder("jupyter")).toBeUndefined();
    await a.bridges.claim("jupyter");
    await a[Symbol.asyncDispose]();
    expect(await b.bridges.claim("jupyter")).toBeDefined();
  });

  it("leaves the runs of those that live alone, and those of one that only lost its connections", async () => {
    const [a] = await two();
    a.runs.start(begun(1));
    await a.runs.flush();
    await endSessions();
    const c = await open();
    expect(await c.runs.find(runId(1))).toMatchObject({ state: "running" });
    expect(await c.bridges.isGone(a.bridges.own!)).toBe(false);
    a.runs.finish(runId(1), succeeded);
    await expect
      .poll(() =>
        a.runs.flush().then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
    expect(await c.runs.find(runId(1))).toMatchObject({ state: "succeeded" });
  });

  it("tells who is gone, and ends the runs of one that left", async () => {
    const a = await openStore({ url, clock, log: quietLog });
    const b = await open();
    const gone = new Promise((resolve) => b.bridges.onGone(resolve));
    a.runs.start(begun(1));
    await a[Symbol.asyncDispose]();
    expect(await b.runs.find(runId(1))).toMatchObject({ state: "interrupted" });
    expect(await gone).toBe(a.bridges.own);
    expect(await b.bridges.isGone(a.bridges.own!)).toBe(true);
  });

  it("keeps what text in Postgres cannot hold from holding up the rest", async () => {
    const store = await open();
    store.runs.start(begun(1, { method: "odd\0method", caller: "\ud800" }));
    await store.runs.flush();
    expect(await store.runs.find(runId(1))).toMatchObject({ method: "odd\0method" });
    store.runs.finish(runId(1), succeeded);
    await store.runs.flush();
    expect(await store.runs.find(runId(1))).toMatchObject({ method: "odd\ufffdmethod" });
  });

  it("knows no version beyond all numbers", async () => {
    const store = await open();
    expect(await store.models.find("iris", "default", "99999999999")).toBeUndefined();
    expect(await store.datasets.find("rows", 99999999999)).toBeUndefined();
  });

  it("says what is wrong while Postgres is away, keeps the records of runs meanwhile, and goes on when it is back", async () => {
    const [a, b] = await two();
    const heard: string[] = [];
    b.events.subscribe(({ kind }) => heard.push(kind));
    await postgres.stop();
    try {
      a.runs.start(begun(1));
      a.runs.finish(runId(1), succeeded);
      const away = { code: "STORE_AWAY", message: expect.stringContaining("127.0.0.1") };
      await expect(a.algorithms.list()).rejects.toMatchObject(away);
      await expect(put(a, "iris")).rejects.toMatchObject(away);
      await expect(a.runs.flush()).rejects.toMatchObject(away);
      await expect
        .poll(() =>
          a.bridges.claim("x").then(
            () => "",
            ({ code }) => code,
          ),
        )
        .toBe("STORE_AWAY");
      expect(await a.runs.find(runId(1))).toMatchObject({ state: "succeeded" });
    } finally {
      await postgres.start();
    }
    await put(a, "iris");
    await expect.poll(() => heard.toSorted(), { timeout: 20_000 }).toEqual(["algorithm.changed", "run.finished", "run.started"]);
    expect(await b.runs.find(runId(1))).toMatchObject({ state: "succeeded" });
    expect(await b.bridges.exclusively("iris", async () => "again")).toBe("again");
  });

  it("outlives the loss of a connection in the midst of a transaction, of which nothing is kept", async () => {
    const store = await open();
    const cut = store.transaction(async (tx) => {
      await tx.algorithms.put(algorithm("iris"));
      await endSessions();
      await sleep(50); // the end of the connection arrives while no statement waits for it
      await tx.algorithms.put(algorithm("rose"));
    });
    await expect(cut).rejects.toMatchObject({ code: "STORE_AWAY" });
    expect(await store.algorithms.list()).toEqual([]);
    await put(store, "iris");
    expect(await store.algorithms.list()).toHaveLength(1);
  });

  it("cannot be opened where there is none, and says so without the password", async () => {
    const wrong = url.replace("bridge@", "bridge:hunter2@").replace(/test_\w+$/, "nowhere");
    const opened = openStore({ url: wrong, clock, log: quietLog });
    await expect(opened).rejects.toMatchObject({
      code: "STORE_AWAY",
      message: expect.stringMatching(/^(?!.*hunter2).*"nowhere" does not exist/),
    });
  });
});
