import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Bench, type Probe } from "../bench.ts";

let bench: Bench;
let probe: Probe;
beforeAll(async () => {
  bench = await Bench.open();
  probe = await bench.worker(readFileSync(join(import.meta.dirname, "modules/leaks.py"), "utf8"), { name: "leaks" });
});
afterAll(() => bench?.[Symbol.asyncDispose]());

async function found(method: string, { log }: { log?: true } = {}) {
  const answer = await probe.call("a\n1\n", { method });
  expect(answer.error).toBeUndefined();
  return log ? answer.log : answer.csv;
}

/** Each statement of docs/concepts/worker.md, "What calls share". */
describe("what a call changes and the next does not see", () => {
  it.each([
    "containers",
    "classes",
    "functions",
    "environ",
    "pandas_options",
    "sklearn_options",
    "numpy_settings",
    "warned",
    "logs",
    "paths",
    "paths_replaced",
    "signals",
    "hashed",
    "interpreter",
    "interpreter_deleted",
    "loop_taken",
    "loop_closed",
    "loop_left",
    "loop_held",
    "loop_policy",
  ])("%s", async (method) => {
    const first = await found(method);
    expect(await found(method)).toBe(first);
    expect(await found(method)).toBe(first);
  });

  it("streams that a call put elsewhere", async () => {
    expect(await found("streams", { log: true })).toEqual(["is told"]);
    expect(await found("streams", { log: true })).toEqual(["is told"]);
  });

  it("a call whose event loop took SIGINT leaves the next one to be cancelled", async () => {
    const source = [
      "import asyncio, signal, time",
      "def apply(model, df, param):",
      "    asyncio.get_event_loop().add_signal_handler(signal.SIGINT, print)",
      "    return df",
      "def slow(model, df, param):",
      "    print('begun')",
      "    time.sleep(1000)",
    ].join("\n");
    const own = await bench.worker(`${source}\n`);
    expect((await own.call("a\n1\n")).csv).toBe("a\n1\n");
    const stopped = new AbortController();
    const reason = new Error("enough");
    await expect(own.call("a\n1\n", { method: "slow" }, { signal: stopped.signal, onEvent: () => stopped.abort(reason) })).rejects.toBe(
      reason,
    );
    expect((await own.call("a\n1\n")).csv).toBe("a\n1\n");
  });

  it("a call that ignored interrupts leaves the next one to be cancelled", async () => {
    const source =
      "import signal\ndef apply(model, df, param):\n    signal.signal(signal.SIGINT, signal.SIG_IGN)\n    return df\ndef slow(model, df, param):\n    print('begun')\n    import time\n    time.sleep(1000)\n";
    const own = await bench.worker(source);
    expect((await own.call("a\n1\n")).csv).toBe("a\n1\n");
    const stopped = new AbortController();
    const reason = new Error("enough");
    await expect(own.call("a\n1\n", { method: "slow" }, { signal: stopped.signal, onEvent: () => stopped.abort(reason) })).rejects.toBe(
      reason,
    );
    expect((await own.call("a\n1\n")).csv).toBe("a\n1\n");
  });
});

describe("what calls of one worker share", () => {
  it("objects, memories of functions, closures, changes of libraries, imports and threads", async () => {
    expect(await found("stays")).toBe(`found\n"[0, 0, 1, False, False, 0]"\n`);
    expect(await found("stays")).toBe(`found\n"[1, 1, 2, True, True, 1]"\n`);
  });

  it("tables and arrays that are changed in place", async () => {
    expect(await found("tables")).toBe('found\n"[0, np.False_]"\n');
    expect(await found("tables")).toBe('found\n"[1, np.True_]"\n');
  });

  it("containers within others, beyond 1,000 of them or 10,000 entries; those of the top level are put back whatever their size", async () => {
    const source = [
      "many = [[] for _ in range(1500)]",
      "large = {'inner': list(range(10_001))}",
      "top = list(range(50_000))",
      "def apply(model, df, param):",
      "    found = [len(many[0]), len(many[-1]), len(large['inner']), len(top)]",
      "    many[0].append(1), many[-1].append(1), large['inner'].append(1), top.append(1)",
      "    return [{'found': str(found)}]",
    ].join("\n");
    const own = await bench.worker(`${source}\n`);
    expect((await own.call("a\n1\n")).csv).toBe('found\n"[0, 0, 10001, 50000]"\n');
    expect((await own.call("a\n1\n")).csv).toBe('found\n"[0, 1, 10002, 50000]"\n');
  });
});
