import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Environment, RunningWorker } from "../../../server/environments/environment.ts";
import { localEnvironment } from "../../../server/environments/local/environment.ts";
import { type Pool, type PoolCall, type PoolOptions, startPool } from "../../../server/workers/pool.ts";
import { callOf, clock, descendants, fixtureSpec, isAlive, isClosed, keeping, never, niceOf, quiet, until } from "./fixture.ts";

const row = Buffer.from("a\n1\n");
const slots = { fit: 1, apply: 3, plain: 1, perKey: 2 };

describe("the pool", () => {
  let local: Environment;
  let pool: Pool;
  let started: RunningWorker[] = [];
  const open = (options: Partial<PoolOptions> = {}) => {
    pool = startPool({ queueLimit: 64, memoryBytes: 8e9, slots, clock, log: quiet, ...options });
    return pool;
  };
  const environment: Environment = {
    name: "watched",
    aliases: [],
    prepare: async () => {},
    start: async (spec) => {
      const worker = await local.start(spec);
      started.push(worker);
      return worker;
    },
    [Symbol.asyncDispose]: async () => {},
  };
  const request = (method: string, more: Partial<PoolCall> & { param?: unknown } = {}): PoolCall => {
    const { algorithm = "iris", param = {}, ...rest } = more;
    return {
      algorithm,
      key: `${algorithm}@1`,
      purpose: "apply",
      caller: "somebody",
      isScheduled: false,
      spec: fixtureSpec(algorithm),
      environment,
      call: callOf(method, param),
      input: row,
      sink: keeping().sink,
      signal: never,
      deadline: { seconds: 50, limit: "the test's limit" },
      ...rest,
    };
  };
  const target = (algorithm: string, ...flags: string[]) => ({
    algorithm,
    key: `${algorithm}@1`,
    spec: fixtureSpec(algorithm, ...flags),
    environment,
  });
  /** The process that answered: the fixture says its id in `summary`. */
  const answererOf = async (call: PoolCall) => (await pool.call(call)).done.summary;

  beforeEach(() => {
    local = localEnvironment({ log: quiet });
    started = [];
  });
  afterEach(async () => {
    await pool[Symbol.asyncDispose]();
    await local[Symbol.asyncDispose]();
    expect(descendants()).toEqual([]);
  });

  it("mixes no answers of 32 callers on two keys", async () => {
    open();
    const seen = new Map<string, Set<unknown>>([
      ["one", new Set()],
      ["two", new Set()],
    ]);
    const caller = async (n: number) => {
      const algorithm = n % 2 ? "one" : "two";
      for (let turn = 0; turn < 40; turn++) {
        const kept = keeping();
        const text = `${algorithm} ${n} ${turn}`;
        const { done } = await pool.call(request("echo", { algorithm, input: Buffer.from(text), sink: kept.sink }));
        expect(kept.text()).toBe(text);
        seen.get(algorithm)?.add(done.summary);
      }
    };
    await Promise.all(Array.from({ length: 32 }, (_, n) => caller(n)));
    const [one = new Set(), two = new Set()] = seen.values();
    expect([...one].filter((pid) => two.has(pid))).toEqual([]);
    expect(one.size).toBeLessThanOrEqual(2);
    expect(pool.snapshot().queues).toEqual([]);
  });

  it("keeps a worker for the next call, and fits apart from applies", async () => {
    open();
    const first = await pool.call(request("echo"));
    const second = await pool.call(request("echo"));
    expect([first.startedWorker, second.startedWorker]).toEqual([true, false]);
    expect(second.done.summary).toBe(first.done.summary);
    const fitter = await answererOf(request("echo", { purpose: "fit" }));
    expect(fitter).not.toBe(first.done.summary);
    expect([niceOf(first.done.summary), niceOf(fitter)]).toEqual([5, 15]);
  });

  it("refuses more than may wait, says when to come again, and lets others in", async () => {
    open({ queueLimit: 2 });
    const signal = new AbortController();
    const busy = Array.from({ length: 3 }, (_, n) =>
      pool.call(request("sleep", { caller: `${n}`, param: { ms: 1e8 }, signal: signal.signal })).then(String, (error: Error) => error.name),
    );
    expect(pool.snapshot().queues).toEqual([{ algorithm: "iris", waiting: 2, running: 1 }]);
    await expect(pool.call(request("echo"))).rejects.toMatchObject({ code: "QUEUE_FULL", retryAfter: expect.any(Number) });
    await pool.call(request("echo", { algorithm: "other" }));
    signal.abort();
    expect(await Promise.all(busy)).toEqual(["Cancelled", "Cancelled", "Cancelled"]);
  });

  it("takes turns between algorithms", async () => {
    open({ slots: { ...slots, apply: 1, perKey: 1 } });
    await Promise.all(["a", "b"].map((algorithm) => pool.call(request("echo", { algorithm }))));
    const order: string[] = [];
    const call = async (algorithm: string) => {
      await pool.call(request("sleep", { algorithm, param: { ms: 5 } }));
      order.push(algorithm);
    };
    await Promise.all(["a", "a", "a", "a", "b", "b"].map(call));
    expect(order.join("")).toBe("aababa"); // the first found nobody waiting
  });

  it("holds up no apply while a fit never yields", async () => {
    open();
    const left = new AbortController();
    const fit = pool.call(request("spin", { purpose: "fit", signal: left.signal }));
    await until(() => started.length === 1);
    await pool.call(request("echo"));
    await pool.call(request("echo", { algorithm: "other" }));
    expect(pool.snapshot().queues).toEqual([{ algorithm: "iris", waiting: 0, running: 1 }]);
    left.abort();
    await expect(fit).rejects.toMatchObject({ code: "CANCELLED" });
  });

  it("stops a call at its deadline, running or waiting, and keeps the worker when it could stop", async () => {
    open({ slots: { ...slots, apply: 1, perKey: 1 } });
    const pid = await answererOf(request("echo"));
    const deadline = { seconds: 0.1, limit: "BRIDGE_TIMEOUT" };
    const running = pool.call(request("sleep", { param: { ms: 1e8 }, deadline }));
    const waiting = pool.call(request("echo", { deadline: { seconds: 0.02, limit: "BRIDGE_TIMEOUT" } }));
    await expect(waiting).rejects.toMatchObject({ code: "DEADLINE_PASSED", hint: expect.stringContaining("BRIDGE_TIMEOUT") });
    await expect(running).rejects.toMatchObject({ code: "DEADLINE_PASSED" });
    expect(await answererOf(request("echo"))).toBe(pid);
  });

  it("replaces a worker that does not stop, and one that crashed", async () => {
    open({ slots: { ...slots, perKey: 1 } });
    const pid = await answererOf(request("echo"));
    await expect(pool.call(request("spin", { deadline: { seconds: 0.1, limit: "" } }))).rejects.toMatchObject({ code: "DEADLINE_PASSED" });
    expect(isAlive(Number(pid))).toBe(false);
    const next = await answererOf(request("echo"));
    expect(next).not.toBe(pid);
    await expect(pool.call(request("crash"))).rejects.toMatchObject({ code: "WORKER_LOST" });
    expect(await answererOf(request("echo"))).not.toBe(next);
    expect(pool.snapshot().restarts).toEqual({ cancelled: 1, died: 1 });
  });

  it("sends a call to another worker when the idle one was dead before anything reached it", async () => {
    open();
    for (const input of [
      row,
      (async function* () {
        yield row;
      })(),
    ]) {
      const pid = Number(await answererOf(request("echo")));
      process.kill(pid, "SIGKILL");
      // Not awaited: the pool has not been told when the next call comes.
      while (!isClosed(pid));
      const kept = keeping();
      const { done } = await pool.call(request("echo", { input, sink: kept.sink }));
      expect(done.summary).not.toBe(String(pid));
      expect(kept.text()).toBe("a\n1\n");
    }
  });

  it("goes on after an input that broke off", async () => {
    open();
    const pid = await answererOf(request("echo"));
    const gone = new Error("the client went away");
    async function* broken() {
      yield row;
      throw gone;
    }
    await expect(pool.call(request("echo", { input: broken() }))).rejects.toBe(gone);
    expect(await answererOf(request("echo"))).toBe(pid);
  });

  it("checks a version in a worker that then serves it", async () => {
    open();
    expect(await pool.check(target("iris"))).toMatchObject({ event: "ready", entryPoints: ["apply"] });
    expect(await pool.check(target("iris"))).toMatchObject({ event: "ready" });
    const { done, startedWorker } = await pool.call(request("echo"));
    expect(started.map(({ pid }) => pid)).toEqual([Number(done.summary)]);
    expect(startedWorker).toBe(false);
  });

  it("tells why an import failed, to checks and to calls, and keeps nothing of it", async () => {
    open();
    const failed = { name: "WorkerFailed", error: { phase: "import", type: "ImportError" } };
    await expect(pool.check(target("bad", "--fail-import"))).rejects.toMatchObject(failed);
    await expect(pool.call(request("echo", { spec: fixtureSpec("bad", "--fail-import") }))).rejects.toMatchObject(failed);
    await until(() => descendants().length === 0);
    expect(pool.snapshot().workers).toEqual([]);
  });

  it("checks two versions at once, and refuses those that wait when it stops", async () => {
    open();
    const checks = ["a", "b", "c"].map((name) =>
      pool.check(target(name, "--hang-import")).then(
        () => "ready",
        (error: Error) => error.name,
      ),
    );
    await until(() => started.length === 2);
    expect(pool.snapshot().workers).toHaveLength(2);
    await pool[Symbol.asyncDispose]();
    expect(await Promise.all(checks)).toEqual(["WorkerLost", "WorkerLost", "Stopping"]);
    await expect(pool.check(target("d"))).rejects.toMatchObject({ code: "STOPPING" });
  });

  it("lets imports that hang go on apart, so that others are checked, and holds no more of them than it may", async () => {
    open({ checks: { slowAfter: 300, limit: 50 } });
    const hanging = ["a", "b", "c", "d", "e", "f"].map((name) => pool.check(target(name, "--hang-import")).catch((error: Error) => error));
    expect(await pool.check(target("good"))).toMatchObject({ event: "ready" });
    await until(() => pool.snapshot().workers.filter(({ key }) => key !== "good@1").length === 3);
    expect(await pool.check(target("better"))).toMatchObject({ event: "ready" });
    await pool[Symbol.asyncDispose]();
    const ends = (await Promise.all(hanging)).map((each) => (each instanceof Error ? each.name : "ready"));
    // On a slow machine some have had their minute.
    for (const each of ends) expect(["WorkerLost", "Stopping", "DeadlinePassed"]).toContain(each);
  });

  it("ends an import whose check was given up, and gives its place on", async () => {
    open({ checks: { slowAfter: 1e6, limit: 1e3 } });
    const giving = new AbortController();
    const hanging = ["a", "b", "c"].map((name) => pool.check(target(name, "--hang-import"), giving.signal));
    const ended = Promise.all(hanging.map((each) => expect(each).rejects.toThrow("a newer save")));
    const good = pool.check(target("good"));
    await until(() => started.length === 2);
    giving.abort(new Error("a newer save"));
    await ended;
    expect(await good).toMatchObject({ event: "ready" });
    await until(() => pool.snapshot().workers.length === 1);
  });

  it("ends an import that takes too long", async () => {
    open({ checks: { slowAfter: 10, limit: 0.2 } });
    await expect(pool.check(target("a", "--hang-import"))).rejects.toMatchObject({ code: "DEADLINE_PASSED" });
    await until(() => pool.snapshot().workers.length === 0);
  });

  it("ends workers of an old version when their calls did", async () => {
    open();
    const idle = Number(await answererOf(request("echo", { algorithm: "idle" })));
    const running = pool.call(request("sleep", { param: { ms: 150 } }));
    await until(() => started.length === 2);
    pool.retire("iris", "iris@2");
    pool.retire("idle", "idle@2");
    await until(() => !isAlive(idle));
    const { done } = await running;
    await until(() => !isAlive(Number(done.summary)));
    expect(pool.snapshot().workers).toEqual([]);
  });

  it("ends the longest idle worker when memory is short, and idle ones in time", async () => {
    open({ memoryBytes: 1 });
    const pid = Number(await answererOf(request("echo")));
    await until(() => !isAlive(pid));
    expect(pool.snapshot().restarts).toEqual({ memory: 1 });
    await pool[Symbol.asyncDispose]();
    open({ idleSeconds: 0.01 });
    const other = Number(await answererOf(request("echo")));
    await until(() => !isAlive(other));
    expect(pool.snapshot().restarts).toEqual({ idle: 1 });
  });

  it("ends the worker that idles longest when too many do", async () => {
    open({ slots: { ...slots, idle: 2 } });
    const pids: number[] = [];
    for (const algorithm of ["first", "second", "first", "third"]) pids.push(Number(await answererOf(request("echo", { algorithm }))));
    const [first = 0, second = 0, again, third] = pids;
    await until(() => !isAlive(second));
    expect(again).toBe(first);
    expect(pool.snapshot().workers.map(({ pid }) => pid)).toEqual([first, third]);
    expect(pool.snapshot().restarts).toEqual({ idle: 1 });
  });

  it("forgets a worker that died idle", async () => {
    open();
    const pid = Number(await answererOf(request("echo")));
    process.kill(pid, "SIGKILL");
    await until(() => pool.snapshot().workers.length === 0);
    expect(pool.snapshot().restarts).toEqual({ died: 1 });
  });

  it("lets calls under way finish when it stops, ends those that take too long, and refuses new ones", async () => {
    open();
    await Promise.all([pool.check(target("iris")), pool.check(target("slow"))]);
    const short = pool.call(request("sleep", { param: { ms: 100 } }));
    const long = pool.call(request("sleep", { algorithm: "slow", param: { ms: 1e8 } })).then(
      () => "done",
      (error: Error) => error.name,
    );
    const drained = pool.drain(0.5);
    await expect(pool.call(request("echo"))).rejects.toMatchObject({ code: "STOPPING" });
    expect((await short).done.rows.received).toBe(4);
    await drained;
    expect(await long).toBe("Stopping");
    expect(pool.snapshot().queues).toEqual([]);
  });
});
