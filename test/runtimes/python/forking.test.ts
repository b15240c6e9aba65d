import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Bench, type Probe } from "../bench.ts";

const source = readFileSync(join(import.meta.dirname, "modules/forks.py"), "utf8");
/** For longer than children live. */
const MILLISECONDS = 450;

let bench: Bench;
let probe: Probe;
beforeAll(async () => {
  bench = await Bench.open();
});
beforeEach(async () => {
  probe = await bench.worker(source, { name: "forks" });
});
afterAll(() => bench?.[Symbol.asyncDispose]());

const that = (how: string) => JSON.stringify({ how });

/** Further calls of other rows; after so long all children end, if they have not. */
async function expectOwnAnswers(milliseconds = 0): Promise<void> {
  const until = Date.now() + milliseconds;
  for (let n = 100; n < 110 || Date.now() < until; n++) {
    const { csv, done, error } = await probe.call(`a\n${n}\n`, { method: "process" });
    expect([csv, done?.rows.returned, error]).toEqual([`a,process\n${n},${probe.ready.pid}\n`, 1, undefined]);
  }
  if (milliseconds > 0) expect((await probe.call("a\n1\n", { method: "all_end" })).csv).toBe("a\n1\n");
}

describe("a child that the code forked and did not end says nothing to the bridge", () => {
  it.each(["returns", "raises", "exits", "prints", "sleeps"])("one that %s", async (how) => {
    for (const rows of [1, 2, 3]) {
      expect((await probe.call(`a\n${rows}\n`, { param: that(how) })).csv).toBe(`a\n${rows}\n`);
      await expectOwnAnswers(how === "sleeps" ? MILLISECONDS : 0);
    }
  });

  it.each(["in_a_result", "in_a_text", "in_a_comparison", "in_a_thread"])("forked %s", async (method) => {
    for (const how of ["returns", "sleeps"]) {
      expect((await probe.call("a\n5\n", { method, param: that(how) })).csv).toBe("a\n5\n");
      await expectOwnAnswers(MILLISECONDS);
    }
  });

  it("forked in_a_failure", async () => {
    for (const how of ["returns", "sleeps"]) {
      const { error } = await probe.call("a\n5\n", { method: "in_a_failure", param: that(how) });
      expect(error).toMatchObject({ phase: "apply", type: "ValueError", message: "told" });
      await expectOwnAnswers(MILLISECONDS);
    }
  });

  it.each(["apply", "in_a_result", "in_a_text"])("forked by blocks: %s", async (method) => {
    const rows = `a\n${Array.from({ length: 700_000 }, (_, n) => n).join("\n")}\n`;
    for (const how of ["returns", "sleeps"]) {
      const { csv, done } = await probe.call(rows, { method, param: that(how), input: { types: { a: "int64" }, rowWise: true } });
      expect([csv === rows, done?.rows.returned]).toEqual([true, 700_000]);
      await expectOwnAnswers(MILLISECONDS);
    }
  });

  it.each(["returns", "raises", "sleeps"])("forked by fit and summary: one that %s", async (how) => {
    expect((await probe.call("a\n5\n", { method: "fit", param: that(how) })).done?.rows.received).toBe(1);
    await expectOwnAnswers(MILLISECONDS);
    expect((await probe.call("", { method: "summary" })).csv).toBe('summary\n"{""version"": 1}"\n');
    await expectOwnAnswers();
  });

  it.each([
    ["pass", 0],
    ["raise ValueError('of the child')", 1],
    ["import sys; sys.exit(3)", 3],
    ["import time; time.sleep(0.2)", 0],
  ])("forked by the top level: %s", async (does, status) => {
    const top = `child = os.fork()\nif child == 0:\n    ${does}\n`;
    const ends = "def ends(model, df, param):\n    return [{'status': os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}]\n";
    probe = await bench.worker(`${source}\n${top}${ends}`);
    await expectOwnAnswers();
    expect((await probe.call("a\n1\n", { method: "ends" })).csv).toBe(`status\n${status}\n`);
    await expectOwnAnswers(MILLISECONDS);
  });
});

describe("such a child ends as a script does", () => {
  it.each([
    ["returns", 0, []],
    ["exits", 7, []],
    ["exits with words", 1, ["no more"]],
    ["prints", 0, ["printed by the child", "without an end"]],
  ])("one that %s", async (how, status, said) => {
    const { log } = await probe.call("a\n1\n", { method: "waits", param: that(how) });
    // What has no line end goes before the next line that comes the same way.
    expect(log.join("\n").replace(`begun, ended with ${status}`, "").split("\n").filter(Boolean).sort()).toEqual([...said].sort());
  });

  it("one that raises: with its traceback", async () => {
    const { log: all } = await probe.call("a\n1\n", { method: "waits", param: that("raises") });
    expect(all).toContain("begun, ended with 1");
    // The two come by ways of their own.
    const log = all.filter((line) => line !== "begun, ended with 1");
    expect(log).toContain("ValueError: of the child");
    expect(log[log.indexOf("Traceback (most recent call last):") + 1]).toMatch(/app\/model\/forks\.py", line \d+, in waits$/);
  });

  it("also where no hook of Python's hears of the fork", async () => {
    const { csv, log } = await probe.call("a\n1\n", { method: "in_c", param: that("returns") });
    expect([csv, log]).toEqual(["a\n1\n", ["ended with 0"]]);
    await expectOwnAnswers();
  });

  it("also where it was forked while another thread printed", async () => {
    const { csv, log } = await probe.call("a\n1\n", { method: "beside_a_thread" });
    expect(csv).toBe("a\n1\n");
    const each = ["ended with 0", "printed by the child", "without an end"].flatMap((line) => Array(20).fill(line));
    expect(log.filter((line) => line !== "beside").sort()).toEqual(each);
    await expectOwnAnswers();
  });
});

describe("children that end themselves", () => {
  it("pools compute, and what their processes print is whole lines of the call", async () => {
    const each = Array.from({ length: 20 }, (_, n) => `twice ${n}`);
    for (const _ of [1, 2, 3]) {
      const { csv, log, error } = await probe.call("a\n1\n", { method: "pooled" });
      expect([csv, error]).toEqual(["one,other\n380,380\n", undefined]);
      expect([...log].sort()).toEqual([...each, ...each].sort());
      await expectOwnAnswers();
    }
  });

  it("a program that a function of the code prepares", async () => {
    const { csv, log } = await probe.call("a\n1\n", { method: "with_preparation" });
    expect([csv, log]).toEqual(["a\n1\n", ["prepared"]]);
    await expectOwnAnswers();
  });
});
