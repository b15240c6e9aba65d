import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Pool, startPool } from "../../../server/workers/pool.ts";
import { clock, keeping, quiet, until } from "../../server/workers/fixture.ts";
import { Bench } from "../bench.ts";
import { begunIn, SOURCE } from "./ahead.ts";

interface Short {
  /** Above one they are no small rows. */
  readonly rows?: number;
  readonly seconds?: number;
  readonly caller?: string;
  readonly deadline?: number;
}

describe("the pool, with calls that take short", () => {
  let bench: Bench;
  let pool: Pool;
  let begun: ReturnType<typeof begunIn>;
  /** Calls, and gives the name that came back and how many permits lay ready meanwhile; or an error's name. */
  let call: (name: string, more?: Short) => Promise<string[]>;

  beforeEach(async () => {
    bench = await Bench.open();
    begun = begunIn(bench);
    const spec = await bench.version(SOURCE);
    call = async (name, { seconds = 0, caller = "somebody", deadline = 50, rows = 1 } = {}) => {
      const kept = keeping();
      const param = JSON.stringify({ name, begun: begun.path, seconds });
      try {
        await pool.call({
          ...{ algorithm: "probe", key: "probe@1", environment: bench.environment, spec, purpose: "apply", caller, isScheduled: false },
          ...{ input: Buffer.from(`a\n${`${name}\n`.repeat(rows)}`), sink: kept.sink, signal: new AbortController().signal },
          call: { ...callOf(bench, param) },
          deadline: { seconds: deadline, limit: "the test's limit" },
        });
        return kept.text().split("\n")[1]?.split(",") ?? [];
      } catch (error) {
        return [error instanceof Error ? error.name : String(error)];
      }
    };
  });
  afterEach(async () => {
    await pool[Symbol.asyncDispose]();
    await bench[Symbol.asyncDispose]();
  });

  const open = (perKey: number, ticks = clock.ticks) => {
    const slots = { fit: 1, apply: perKey, plain: 1, perKey };
    pool = startPool({ queueLimit: 100, memoryBytes: 8e9, slots, clock: { ...clock, ticks }, log: quiet });
  };
  /** Callers who call again and again until they are to stop. */
  const goOn = (count: number) => {
    let calls = 0;
    let isOver = false;
    const loops = Array.from({ length: count }, async (_, number) => {
      while (!isOver) {
        await call(`loop ${calls++}`, { seconds: 0.001, caller: `caller ${number % 8}` });
      }
    });
    return {
      calls: () => calls,
      stop: async () => {
        isOver = true;
        await Promise.all(loops);
      },
    };
  };
  /** Calls of which the pool learns how long they take. */
  const learn = async () => {
    for (let number = 0; number < 40; number++) expect(await call(`learn ${number}`)).toEqual([`learn ${number}`, "0"]);
  };
  const named = (count: number) => Array.from({ length: count }, (_, number) => String(number));

  it("sends some ahead, and each is answered with its own rows", async () => {
    open(1);
    await learn();
    let most = 0;
    // A machine that is busy with other things may take all calls for long ones at first.
    while (most === 0) {
      const answers = await Promise.all(named(40).map((name) => call(name)));
      expect(answers.map(([name]) => name)).toEqual(named(40));
      most = Math.max(...answers.map(([, permits]) => Number(permits)));
    }
    expect(pool.snapshot().queues).toEqual([]);
  });

  it("sends none ahead of calls that take long", async () => {
    open(1);
    for (let number = 0; number < 5; number++) await call("long", { seconds: 0.02 });
    const answers = await Promise.all(named(5).map((name) => call(name, { seconds: 0.02 })));
    expect(answers).toEqual(named(5).map((name) => [name, "0"]));
  });

  it("gives those behind a call that takes long to another worker, and computes none twice", async () => {
    open(2);
    await learn();
    let isOver = false;
    const long = call("long", { seconds: 4 }).finally(() => {
      isOver = true;
    });
    await until(() => begun.names().includes("long"));
    const answers = await Promise.all(named(6).map((name) => call(name)));
    expect(isOver).toBe(false);
    expect(answers.map(([name]) => name)).toEqual(named(6));
    expect(
      begun
        .names()
        .filter((name) => !name.startsWith("learn"))
        .sort(),
    ).toEqual([...named(6), "long"]);
    expect((await long)[0]).toBe("long");
  });

  it("keeps the deadlines of those that were sent ahead, which then are not computed", async () => {
    open(1);
    await learn();
    const long = call("long", { seconds: 1 });
    const answers = await Promise.all(named(3).map((name) => call(name, { deadline: 0.3 })));
    expect(answers).toEqual(named(3).map(() => ["DeadlinePassed"]));
    expect((await long)[0]).toBe("long");
    expect(begun.names().at(-1)).toBe("long");
    expect((await call("after"))[0]).toBe("after");
  });

  it("loses none, at whatever moment one is looked at", async () => {
    let now = 0;
    open(1, () => {
      now += 0.6;
      return now;
    });
    await learn();
    for (let round = 0; round < 5; round++) {
      const long = call("long", { seconds: 0.1 });
      const answers = await Promise.all([long, ...named(40).map((name) => call(name, { deadline: 20 }))]);
      expect(answers.map(([name]) => name)).toEqual(["long", ...named(40)]);
    }
    expect(pool.snapshot().queues).toEqual([]);
  });

  it("gives its turn to a call that cannot go ahead while others do", async () => {
    open(1, () => performance.now() / 4);
    await learn();
    const loops = goOn(30);
    await until(() => loops.calls() > 200);
    for (let round = 0; round < 3; round++) {
      const before = loops.calls();
      expect((await call("large", { rows: 40_000 }))[0]).toBe("large");
      expect(loops.calls() - before).toBeLessThan(150);
    }
    await loops.stop();
  });

  it("ends a worker of another version although its calls go on coming", async () => {
    open(1, () => performance.now() / 4);
    await learn();
    const loops = goOn(24);
    await until(() => loops.calls() > 200);
    const [old] = pool.snapshot().workers;
    pool.retire("probe", "probe@2");
    await until(() => pool.snapshot().workers.every(({ pid }) => pid !== old?.pid));
    await loops.stop();
  });

  it("stops them when it is drained", async () => {
    open(1);
    await learn();
    const all = [call("long", { seconds: 100 }), ...named(3).map((name) => call(name))];
    await until(() => begun.names().includes("long"));
    await pool.drain(0.1);
    expect(await Promise.all(all)).toEqual(all.map(() => ["Stopping"]));
    expect(begun.names().at(-1)).toBe("long");
  });
});

function callOf(bench: Bench, param: string) {
  const input = { format: "csv", fields: null, types: null, untyped: "guess", rowWise: false, dropMultivalue: false, file: null } as const;
  const model = { name: "probe_default", key: "probe/default@1", folder: bench.home.data, shared: bench.home.data };
  return {
    ...{ run: "run-1", method: "apply", strict: false, param, model, stage: null },
    input: { ...input, segments: [] },
    output: { format: "csv" as const, append: false },
  };
}
