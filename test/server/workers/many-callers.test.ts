import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Environment } from "../../../server/environments/environment.ts";
import { localEnvironment } from "../../../server/environments/local/environment.ts";
import { type Pool, type PoolCall, startPool } from "../../../server/workers/pool.ts";
import { callOf, clock, descendants, fixtureSpec, keeping, niceOf, quiet, until } from "./fixture.ts";

const slots = { fit: 1, apply: 4, plain: 1, perKey: 2 };
const model = (name: string, version = 1) => ({ name, key: `${name}@${version}`, folder: "/", shared: "/" });

describe("the pool, with many callers", () => {
  let environment: Environment;
  let pool: Pool;
  let over: AbortController;
  const target = (algorithm = "iris", ...flags: string[]) => ({
    ...{ algorithm, key: `${algorithm}@1`, environment },
    spec: fixtureSpec(algorithm, ...flags),
  });
  const call = (method: string, { param = {}, ...more }: Partial<PoolCall> & { param?: unknown; model?: ReturnType<typeof model> } = {}) =>
    pool.call({
      ...target(more.algorithm),
      ...({ purpose: "apply", caller: "somebody", isScheduled: false, input: Buffer.alloc(0), sink: keeping().sink } as const),
      call: { ...callOf(method, param), model: more.model ?? null },
      signal: over.signal,
      deadline: { seconds: 50, limit: "the test's limit" },
      ...more,
    });
  /** Calls that end with the test. */
  const endless = (count: number, more: Parameters<typeof call>[1] = {}) =>
    Array.from({ length: count }, () => call("sleep", { param: { ms: 1e8 }, ...more }).catch((error: Error) => error.name));
  const loadsOf = async (more: Parameters<typeof call>[1] = {}) => {
    const kept = keeping();
    const { done } = await call("loads", { ...more, sink: kept.sink });
    return { loads: kept.logs().join(), pid: done.summary };
  };
  /** Rows that go on coming until the test is over. */
  async function* coming() {
    yield Buffer.from("a\n");
    await new Promise((resolve) => over.signal.addEventListener("abort", resolve));
  }
  const running = () => pool.snapshot().queues.reduce((sum, each) => sum + each.running, 0);

  beforeEach(() => {
    over = new AbortController();
    environment = localEnvironment({ log: quiet });
    pool = startPool({ queueLimit: 8, memoryBytes: 8e9, slots, clock, log: quiet });
  });
  afterEach(async () => {
    over.abort();
    await pool[Symbol.asyncDispose]();
    await environment[Symbol.asyncDispose]();
    expect(descendants()).toEqual([]);
  });

  it("gives a version a second worker when calls go on waiting, and a caller no more than its share", async () => {
    const all = endless(5);
    await until(() => running() === 2);
    expect(pool.snapshot().queues).toEqual([{ algorithm: "iris", waiting: 3, running: 2 }]);
    over.abort();
    expect(new Set(await Promise.all(all))).toEqual(new Set(["Cancelled"]));
    over = new AbortController();
    const { pid } = await loadsOf();
    expect((await loadsOf()).pid).toBe(pid); // the one used last
  });

  it("leaves a worker to who called a moment ago, and no longer than that", async () => {
    await pool[Symbol.asyncDispose]();
    const time = { ticks: 0 };
    pool = startPool({ queueLimit: 8, memoryBytes: 8e9, slots, clock: { ...clock, ticks: () => time.ticks }, log: quiet });
    await call("echo", { caller: "other" });
    const all = endless(3);
    await until(() => running() === 1);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(running()).toBe(1);
    time.ticks = 100;
    await until(() => running() === 2);
    over.abort();
    await Promise.all(all);
    over = new AbortController();
  });

  it("gives a call a second worker soon when the first one's rows go on coming", async () => {
    void call("echo", { input: coming() }).catch(() => {});
    await until(() => pool.snapshot().workers.some(({ pid }) => pid > 0));
    const [first] = pool.snapshot().workers;
    expect((await loadsOf()).pid).not.toBe(String(first?.pid));
  });

  it("has a second worker before anybody waits when rows go on coming where small calls came lately", async () => {
    void call("echo", { input: coming() }).catch(() => {});
    await until(() => running() === 1);
    void call("echo", { algorithm: "other", input: coming() }).catch(() => {});
    await until(() => pool.snapshot().workers.filter(({ pid }) => pid > 0).length === 2);
    expect(pool.snapshot().workers).toHaveLength(2); // no small call came
    await call("echo", { algorithm: "third" });
    void call("echo", { algorithm: "third", input: coming() }).catch(() => {});
    await until(() => pool.snapshot().workers.filter(({ key, isBusy }) => key === "third@1" && !isBusy).length === 1);
    expect(pool.snapshot().workers).toHaveLength(4);
  });

  it("keeps a worker whose rows went on coming for such calls, below the one for few rows, which it does not do without", async () => {
    const gates = Array.from({ length: 2 }, () => Promise.withResolvers<void>());
    const long = gates.map((gate) => async () => {
      async function* rows() {
        yield Buffer.from("a\n");
        await gate.promise;
      }
      return (await call("echo", { input: rows() })).done.summary;
    });
    const small = async () => (await call("echo")).done.summary;
    const first = await small();
    const below = long[0]?.();
    await until(() => pool.snapshot().workers.some(({ pid }) => pid > 0 && niceOf(String(pid)) === 10));
    expect(await small()).toBe(first); // it does not wait for a cold one
    expect(niceOf(first)).toBe(5);
    gates[0]?.resolve();
    expect(await below).not.toBe(first);
    expect(await small()).toBe(first); // though the other was used last
    const busy = endless(1);
    const again = long[1]?.();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(pool.snapshot().workers).toHaveLength(2); // one computes for few rows, and will be free
    over.abort();
    gates[1]?.resolve();
    await Promise.allSettled([...busy, again]);
    over = new AbortController();
  });

  it.each(["--fail-import", "--hang-import"])("gives many rows the worker of few where another does not start: %s", async (flag) => {
    const first = (await call("echo")).done.summary;
    const many = async () => {
      async function* rows() {
        yield Buffer.from("a\n");
      }
      return (await call("echo", { ...target("iris", flag), input: rows() })).done.summary;
    };
    expect(await many()).toBe(first);
    const before = pool.snapshot().workers.length;
    expect(await many()).toBe(first); // and does not try again at once
    expect(pool.snapshot().workers).toHaveLength(before);
    expect((await call("echo")).done.summary).toBe(first);
  });

  it("gives many rows the worker of few where another would take long to start", async () => {
    const slow = target("slow", "--slow-import");
    const first = (await call("echo", slow)).done.summary;
    async function* rows() {
      yield Buffer.from("a\n");
    }
    expect((await call("echo", { ...slow, input: rows() })).done.summary).toBe(first);
  });

  it("has another worker for few rows where the only one is kept below, and loads models there", async () => {
    const gate = Promise.withResolvers<void>();
    async function* rows() {
      yield Buffer.from("a\n");
      await gate.promise;
    }
    const of = { algorithm: "kept_below" };
    const long = call("echo", { ...of, input: rows() });
    await until(() => pool.snapshot().workers.some(({ key, pid }) => key === "kept_below@1" && pid > 0 && niceOf(String(pid)) === 10));
    gate.resolve();
    const below = (await long).done.summary;
    expect((await call("echo", of)).done.summary).toBe(below);
    await until(() => pool.snapshot().workers.filter(({ key, isBusy }) => key === "kept_below@1" && !isBusy).length === 2);
    expect((await call("echo", of)).done.summary).not.toBe(below);
  });

  it("starts no worker that no slot is free for", async () => {
    for (const algorithm of ["other", "third", "fourth"]) void endless(2, { algorithm, caller: algorithm });
    await until(() => running() === 6);
    const before = pool.snapshot().workers.length;
    const waiting = endless(5, { algorithm: "other", caller: "third" });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(pool.snapshot().workers.length).toBe(before);
    over.abort();
    await Promise.all(waiting);
    over = new AbortController();
  });

  it("answers others while one caller's calls hold all that it may have", async () => {
    void endless(5);
    await until(() => running() === 2);
    for (const algorithm of ["iris", "other"]) await call("echo", { caller: "another", algorithm });
    void endless(4, { algorithm: "other" });
    await until(() => running() === 4);
    await call("echo", { caller: "another", algorithm: "third" });
    expect(running()).toBe(4);
  });

  it("keeps room in the queue for others, and says whose share is full", async () => {
    void endless(7);
    const error = {
      code: "QUEUE_FULL",
      message: expect.stringContaining("calls of somebody wait"),
      hint: expect.stringContaining("one caller"),
    };
    await expect(call("echo")).rejects.toMatchObject(error);
    await Promise.all([call("echo", { caller: "another" }), call("echo", { isScheduled: true, algorithm: "other" })]);
  });

  it("serves people before scheduled searches", async () => {
    await pool[Symbol.asyncDispose]();
    pool = startPool({ queueLimit: 64, memoryBytes: 8e9, slots: { ...slots, perKey: 1 }, clock, log: quiet });
    await call("echo");
    const order: string[] = [];
    const named = async (name: string) => {
      await call("sleep", { param: { ms: 2 }, isScheduled: name === "*" });
      order.push(name);
    };
    await Promise.all(["*", "*", "*", ".", "."].map(named));
    expect(order.join("")).toBe("*..**"); // the first found nobody waiting
  });

  it("has a worker and its models loaded before the first call, what calls used last first", async () => {
    await pool.warm(target(), [model("a"), model("b")]);
    expect(pool.snapshot().workers).toHaveLength(1);
    expect(await loadsOf({ model: model("b") })).toMatchObject({ loads: "a@1,b@1" });
    await pool.warm(target(), [model("a", 2)]);
    expect((await loadsOf()).loads).toBe("a@1,b@1,a@2");
    expect(pool.snapshot().workers).toHaveLength(1);
    void endless(3, { model: model("a", 2) });
    await until(() => running() === 2);
    over.abort();
    over = new AbortController();
    await until(() => running() === 0);
    // The second one loads what the calls that wait need, before its first call.
    const both = await Promise.all([loadsOf(), loadsOf()]);
    expect(both.map(({ loads }) => loads).toSorted()).toEqual(["a@1,b@1,a@2", "a@2"]);
  });

  it("holds up no call while a model is loaded that it does not need", async () => {
    void pool.warm(target(), [model("slow"), model("a")]);
    await until(() => pool.snapshot().workers.some(({ pid }) => pid > 0));
    const { loads } = await loadsOf({ model: model("a") });
    expect(loads).toBe("");
  });

  it("waits for no worker that hangs at its start, nor does a stop", async () => {
    const hanging = target("iris", "--never-connect");
    const ready = environment.start(target().spec).then((worker) => worker.kill());
    await ready;
    let ticks = 0;
    const late = startPool({ queueLimit: 8, memoryBytes: 8e9, slots, clock: { ...clock, ticks: () => clock.ticks() + ticks }, log: quiet });
    void late.warm(hanging, []);
    await until(() => late.snapshot().workers.length === 1);
    ticks = 20_000;
    const kept = keeping();
    const asked = {
      ...target(),
      purpose: "apply",
      caller: "somebody",
      isScheduled: false,
      input: Buffer.alloc(0),
      sink: kept.sink,
    } as const;
    await late.call({ ...asked, call: callOf("echo"), signal: over.signal, deadline: { seconds: 50, limit: "the test's limit" } });
    expect(late.snapshot().workers).toHaveLength(2);
    await late[Symbol.asyncDispose]();
  });

  it("makes a load that fails nobody's failure", async () => {
    await pool.warm(target(), [model("broken")]);
    const { loads } = await loadsOf({ model: model("broken") });
    expect(loads).toBe("broken@1");
    await pool.warm(target("bad", "--fail-import"), []);
    await until(() => pool.snapshot().workers.length === 1);
  });

  it("loads nothing more once it stops", async () => {
    await pool.drain(0);
    await pool.warm(target(), [model("a")]);
    expect(pool.snapshot().workers).toEqual([]);
  });
});
