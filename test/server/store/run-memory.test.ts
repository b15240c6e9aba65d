import { describe, expect, it } from "vitest";
import { RunMemory } from "../../../server/store/run-memory.ts";
import { begun, quietLog, runId, steppingClock } from "./store-suite.ts";

const succeeded = { state: "succeeded", receipt: null, error: null } as const;

describe("the memory of runs", () => {
  it("stays bounded while nothing can be written, and says what it gave up", () => {
    const lost: object[] = [];
    const memory = new RunMemory(steppingClock(), { ...quietLog, error: (facts) => void lost.push(facts) }, () => {});
    memory.start(begun(0));
    for (let n = 1; n <= 10_050; n++) {
      memory.start(begun(n));
      memory.finish(runId(n), succeeded);
    }
    expect(memory.held()).toHaveLength(10_001);
    expect(memory.find(runId(0))).toMatchObject({ state: "running" });
    expect(memory.find(runId(50))).toBeUndefined();
    expect(memory.find(runId(51))).toMatchObject({ state: "succeeded" });
    expect(lost).toHaveLength(50);
    expect(lost[0]).toEqual({ run: runId(1), givenUp: 1 });
  });

  it("shortens lines that are too long, and keeps the last metrics", () => {
    const memory = new RunMemory(steppingClock(), quietLog, () => {});
    memory.start(begun(1));
    memory.log(runId(1), { at: "2026-01-31T00:00:00.000Z", level: "info", text: "x".repeat(100_000) });
    for (let step = 0; step < 1100; step++) memory.metric(runId(1), { name: "loss", value: 1, step });
    const run = memory.find(runId(1))!;
    expect(run.log[0]!.text).toHaveLength(8193);
    expect([run.metrics.length, run.metrics[0]!.step, run.metrics.at(-1)!.step]).toEqual([1000, 100, 1099]);
  });

  it("gives what changed while it was being written another time", () => {
    const memory = new RunMemory(steppingClock(), quietLog, () => {});
    memory.start(begun(1));
    const first = memory.unwritten(10);
    memory.finish(runId(1), succeeded);
    first.committed();
    expect(first.changes).toMatchObject([{ run: { state: "running" }, tellsStart: true, tellsEnd: false }]);
    const second = memory.unwritten(10);
    expect(second.changes).toMatchObject([{ run: { state: "succeeded" }, tellsStart: false, tellsEnd: true }]);
    second.committed();
    expect(memory.held()).toEqual([]);
  });

  it("does not hear of runs that it does not hold", () => {
    const memory = new RunMemory(steppingClock(), quietLog, () => {});
    memory.finish(runId(1), succeeded);
    memory.forget(runId(1));
    expect(memory.unwritten(10).changes).toEqual([]);
  });
});
