import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Environment } from "../../../server/environments/environment.ts";
import { localEnvironment } from "../../../server/environments/local/environment.ts";
import { type Pool, type PoolCall, startPool } from "../../../server/workers/pool.ts";
import { callOf, clock, descendants, fixtureSpec, keeping, never, quiet, until } from "./fixture.ts";

const slots = { fit: 1, apply: 2, plain: 1, perKey: 2 };
const rows = Buffer.from("a\n1\n");

describe("calls that wait for their callers", () => {
  let environment: Environment;
  let pool: Pool;
  let over: AbortController;
  let ahead = 0;
  const open = ({ memoryBytes = 8e9, own = slots } = {}) => {
    const later = { ...clock, ticks: () => clock.ticks() + ahead };
    pool = startPool({ queueLimit: 64, memoryBytes, slots: own, clock: later, log: quiet });
  };
  const call = (more: Partial<PoolCall> & { param?: unknown; method?: string } = {}) => {
    const { algorithm = "iris", method = "echo", param = {}, ...rest } = more;
    return pool.call({
      ...{ algorithm, key: `${algorithm}@1`, environment, spec: fixtureSpec(algorithm) },
      ...({ purpose: "apply", caller: "somebody", isScheduled: false, input: rows, sink: keeping().sink, signal: never } as const),
      call: callOf(method, param),
      deadline: { seconds: 50, limit: "the test's limit" },
      ...rest,
    });
  };
  const running = () => pool.snapshot().queues.reduce((sum, each) => sum + each.running, 0);

  /** Rows that stop after the first piece, and go on when they are let. */
  function stopping() {
    const go = Promise.withResolvers<void>();
    const stopped = Promise.withResolvers<void>();
    over.signal.addEventListener("abort", () => go.resolve());
    async function* pieces() {
      yield Buffer.from("a\n");
      stopped.resolve();
      await go.promise;
      yield Buffer.from("1\n");
    }
    return { input: pieces(), go: go.resolve, stopped: stopped.promise };
  }
  /** A call that ends with the test, unless it is told to go on; how it ended. */
  const silent = (more: Parameters<typeof call>[0] = {}) => {
    const { input, go, stopped } = stopping();
    const kept = keeping();
    const ended = call({ input, sink: kept.sink, signal: over.signal, ...more }).then(
      () => kept.text(),
      (error: Error) => error.name,
    );
    return { ended, go, stopped };
  };
  /** Results are taken once the test lets them. */
  const deaf = (more: Parameters<typeof call>[0] = {}) => {
    const go = Promise.withResolvers<void>();
    over.signal.addEventListener("abort", () => go.resolve());
    const kept = keeping();
    const table = (bytes: Buffer) => {
      kept.sink.table(bytes);
      return go.promise;
    };
    return { ended: call({ ...more, sink: { ...kept.sink, table }, signal: over.signal }).then(() => kept.text(), String), go: go.resolve };
  };

  beforeEach(() => {
    over = new AbortController();
    ahead = 0;
    environment = localEnvironment({ log: quiet });
    open();
  });
  afterEach(async () => {
    over.abort();
    await pool[Symbol.asyncDispose]();
    await environment[Symbol.asyncDispose]();
    expect(descendants()).toEqual([]);
  });

  it.each([
    ["send no rows", silent],
    ["take no results", deaf],
  ])("hold up nobody while they %s, and go on when they may", async (_, stalled) => {
    const all = [..."alice,alice,bob,bob".split(",")].map((caller) => stalled({ caller }));
    await until(() => running() > 0);
    await Promise.all(["alice", "bob", "carol"].map((caller) => call({ caller })));
    await call({ caller: "carol", algorithm: "other" });
    for (const { go } of all) go();
    expect(await Promise.all(all.map(({ ended }) => ended))).toEqual(Array(4).fill("a\n1\n"));
    expect(pool.snapshot().queues).toEqual([]);
  });

  it("take their place again, so that a caller's share stays what it is", async () => {
    const { ended, go } = silent();
    await until(() => running() === 1);
    await call();
    go();
    expect(await ended).toBe("a\n1\n");
    const all = Array.from({ length: 3 }, () => call({ method: "sleep", param: { ms: 1e8 }, signal: over.signal }).catch(String));
    await until(() => running() === 2);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(pool.snapshot().queues).toEqual([{ algorithm: "iris", waiting: 1, running: 2 }]);
    over.abort();
    await Promise.all(all);
  });

  it("hold up no fit", async () => {
    const fits = [silent({ purpose: "fit" }), silent({ purpose: "fit" })];
    await until(() => running() > 0);
    await call({ purpose: "fit", caller: "bob" });
    await call({ purpose: "fit" });
    for (const { go } of fits) go();
    expect(await Promise.all(fits.map(({ ended }) => ended))).toEqual(["a\n1\n", "a\n1\n"]);
  });

  it("keep, of one caller, few workers without a place", async () => {
    const all = Array.from({ length: 20 }, () => silent({ caller: "alice" }));
    await until(() => running() === 6); // four, and a caller's share of a version
    await call({ caller: "bob" });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(pool.snapshot().queues).toEqual([{ algorithm: "iris", waiting: 14, running: 6 }]);
    over.abort();
    await Promise.all(all.map(({ ended }) => ended));
  });

  it("keep their place while their worker computes", async () => {
    const all = [1, 2].map(() => silent({ caller: "alice", method: "grind", param: { ms: 3000 } }));
    await Promise.all(all.map(({ stopped }) => stopped));
    const waits = call({ caller: "alice" });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(pool.snapshot().queues).toEqual([{ algorithm: "iris", waiting: 1, running: 2 }]);
    await waits;
    for (const { go } of all) go();
    await Promise.all(all.map(({ ended }) => ended));
  });

  it("go on for minutes where others wait for what they do not keep", async () => {
    const { ended, go, stopped } = silent({ caller: "alice" });
    await stopped;
    await call({ caller: "bob" }); // so it is aside
    const sleep = { method: "sleep", param: { ms: 1e8 }, signal: over.signal };
    const others = ["bob", "carol"].flatMap((caller) =>
      [1, 2].map((n) => call({ ...sleep, caller, algorithm: `${caller}${n}` }).catch(String)),
    );
    await until(() => pool.snapshot().queues.some(({ waiting }) => waiting > 0));
    ahead = 240_000;
    await new Promise((resolve) => setTimeout(resolve, 500));
    go();
    expect(await ended).toBe("a\n1\n");
    over.abort();
    await Promise.all(others);
  });

  it("go on where the only one that waits waits for its own share", async () => {
    const held = Array.from({ length: 5 }, () => silent({ caller: "alice" }));
    await Promise.all(held.map(({ stopped }) => stopped));
    await new Promise((resolve) => setTimeout(resolve, 1000)); // four are aside
    const sleep = { method: "sleep", param: { ms: 1e8 }, signal: over.signal, caller: "bob" };
    const others = [1, 2, 3].map((n) => call({ ...sleep, algorithm: `bob${n}` }).catch(String));
    await until(() => running() === 7);
    ahead = 120_000;
    await new Promise((resolve) => setTimeout(resolve, 1000));
    for (const { go } of held) go();
    expect(await Promise.all(held.map(({ ended }) => ended))).toEqual(Array(5).fill("a\n1\n"));
    over.abort();
    await Promise.all(others);
  });

  it("take no more places than their caller's share once they trickle", async () => {
    let pace = Number.POSITIVE_INFINITY;
    let ended = 0;
    const trickling = async function* (number: number) {
      yield Buffer.from("a\n");
      for (let at = 0; number >= ended && !over.signal.aborted; at += 100) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        if (at % pace === 0 && Number.isFinite(pace)) yield Buffer.from("1\n");
      }
    };
    const all = Array.from({ length: 6 }, (_, number) => call({ caller: "alice", input: trickling(number) }));
    await until(() => running() === 6);
    await new Promise((resolve) => setTimeout(resolve, 1000)); // four are aside
    for (pace of [100, Number.POSITIVE_INFINITY, 200]) {
      ended++; // another may have its place
      await new Promise((resolve) => setTimeout(resolve, 800));
      await call({ caller: "bob", algorithm: "other", deadline: { seconds: 5, limit: "the test's limit" } });
    }
    ended = all.length;
    await Promise.all(all);
    // All places are counted as free again: two callers compute as many as before.
    const sleep = { method: "sleep", param: { ms: 1e8 }, signal: over.signal };
    const further = ["alice", "bob"].flatMap((caller) => [1, 2].map(() => call({ ...sleep, caller }).catch(String)));
    await until(() => running() === 3);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(pool.snapshot().queues).toEqual([{ algorithm: "iris", waiting: 1, running: 3 }]);
    over.abort();
    await Promise.all(further);
  });

  it.each(["apply", "fit"] as const)("of two callers that trickle for good leave a third one's %s its place", async (purpose) => {
    let isOver = false;
    const trickling = async function* () {
      yield Buffer.from("a\n");
      while (!isOver && !over.signal.aborted) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        yield Buffer.from("1\n");
      }
    };
    const all = ["alice", "bob"].flatMap((caller) => [1, 2, 3].map(() => call({ purpose, caller, input: trickling() })));
    await until(() => running() >= 2);
    await call({ purpose, caller: "carol", deadline: { seconds: 10, limit: "the test's limit" } });
    isOver = true;
    await Promise.all(all);
  });

  it("do not bound how many workers a version may have", async () => {
    await pool[Symbol.asyncDispose]();
    open({ own: { ...slots, apply: 20, perKey: 20 } });
    const sleep = { method: "sleep", param: { ms: 1e8 }, signal: over.signal };
    const all = Array.from({ length: 20 }, () => call(sleep).catch(String));
    await until(() => running() === 20);
    over.abort();
    await Promise.all(all);
  }, 60_000);

  it("end after a minute where others wait for what they keep, and never else", async () => {
    await pool[Symbol.asyncDispose]();
    open({ memoryBytes: 1 }); // none for further workers
    const { ended, stopped } = silent({ caller: "alice" });
    await stopped;
    await new Promise((resolve) => setTimeout(resolve, 2500)); // until memory was looked at
    ahead = 30_000;
    const waits = call({ caller: "bob" });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(pool.snapshot().queues).toEqual([{ algorithm: "iris", waiting: 1, running: 1 }]);
    ahead = 120_000;
    expect(await ended).toBe("CallerStalled");
    await waits;

    const alone = silent({ caller: "alice" });
    await until(() => running() === 1);
    ahead = 240_000;
    await new Promise((resolve) => setTimeout(resolve, 300));
    alone.go();
    expect(await alone.ended).toBe("a\n1\n");
  });

  // Four calls of a caller on a version keep a worker without a place; further ones take its share.
  it.each<[string, Parameters<typeof call>[0][], Parameters<typeof call>[0]]>([
    ["of a version", Array(6).fill({}), {}],
    ["of fits", Array(5).fill({ purpose: "fit" }), { purpose: "fit", algorithm: "third" }],
    ["over all versions", [...Array(5).fill({}), ...Array(5).fill({ algorithm: "other" })], { algorithm: "third" }],
  ])("end after a minute where they keep their own caller's share %s, and no more than needed", async (_, held, asked) => {
    const ends: string[] = [];
    const all = held.map((more) => {
      const each = silent({ caller: "alice", ...more });
      each.ended.then((how) => ends.push(how));
      return each;
    });
    await Promise.all(all.map(({ stopped }) => stopped));
    await new Promise((resolve) => setTimeout(resolve, 1000)); // until all were looked at
    const waits = call({ caller: "alice", ...asked });
    ahead = 50_000;
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(pool.snapshot().queues.reduce((sum, { waiting }) => sum + waiting, 0)).toBe(1);
    ahead = 120_000;
    await waits;
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(ends).toEqual(["CallerStalled"]);
    for (const { go } of all) go();
    await Promise.all(all.map(({ ended }) => ended));
    expect(ends.slice(1)).toEqual(Array(held.length - 1).fill("a\n1\n"));
  });

  it("have less time where one of their caller's there ended so, so that many of them hold up none for long", async () => {
    const all = Array.from({ length: 6 }, () => silent({ caller: "alice" }));
    await Promise.all(all.map(({ stopped }) => stopped));
    const further = [1, 2].map(() => silent({ caller: "alice" }));
    const waits = call({ caller: "alice" });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    ahead = 70_000;
    await Promise.all(further.map(({ stopped }) => stopped)); // in the places of two that ended
    ahead += 5000;
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(pool.snapshot().queues).toEqual([{ algorithm: "iris", waiting: 1, running: 6 }]);
    ahead += 10_000;
    await waits;
    for (const { go } of [...all, ...further]) go();
    const ends = await Promise.all([...all, ...further].map(({ ended }) => ended));
    expect(ends.filter((how) => how === "CallerStalled")).toHaveLength(3);
    expect(ends.filter((how) => how === "a\n1\n")).toHaveLength(5);
  });

  it("go on where their caller's share is full of calls that compute", async () => {
    const held = Array.from({ length: 4 }, () => silent({ caller: "alice" }));
    await Promise.all(held.map(({ stopped }) => stopped));
    const sleep = { method: "sleep", param: { ms: 1e8 }, signal: over.signal, caller: "alice", algorithm: "other" };
    const others = Array.from({ length: 3 }, () => call(sleep).catch(String));
    await until(() => running() === 6);
    ahead = 120_000;
    await new Promise((resolve) => setTimeout(resolve, 500));
    for (const { go } of held) go();
    expect(await Promise.all(held.map(({ ended }) => ended))).toEqual(Array(4).fill("a\n1\n"));
    over.abort();
    await Promise.all(others);
  });
});
