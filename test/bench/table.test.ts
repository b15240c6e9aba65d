import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { measures } from "../../bench/measures/index.ts";
import { median, percentile } from "../../bench/summary.ts";
import { tableOf } from "../../bench/table.ts";
import type { Turn } from "../../bench/turns/turn.ts";

const turn = (figures: Turn["figures"], wrong = 0): Turn => ({ figures, calls: 100, wrong, firstWrong: wrong > 0 ? "a | b\nc" : null });
const small = (p50: number, p99: number, cpu: number, wrong = 0) => turn({ "p50 ms": p50, "p99 ms": p99, "CPU ms/call": cpu }, wrong);
const measure = (id: string) => {
  const found = measures.find((each) => each.id === id);
  if (!found) throw new Error(`no measure ${id}`);
  return found;
};

describe("the table", () => {
  it("shows best and median, each round's own ratio, goals, wrong answers and what failed", async () => {
    const one = tableOf(
      {
        measure: measure("one-lr"),
        ways: [
          // The third minute was slow for all: the ratio is that of each round.
          { name: "bridge, CSV", turns: [small(1, 2, 0.5), small(1.5, 2.5, 0.5), small(10, 20, 0.5)] },
          { name: "bridge, DSDL's JSON", turns: [small(2, 4, 0.123456, 3)] },
          { name: "DSDL stand-in", turns: [small(4, 6, 3), small(3.75, 6, 3), small(40, 60, 3)] },
          { name: "LitServe", turns: [], failed: "Error: it broke\n  at once" },
        ],
        limits: [{ name: "the same code in process", figures: [{ "p50 ms": 1.2, "p99 ms": 1.3 }] }],
      },
      "DSDL stand-in",
    );
    const flood = (perSecond: number) => turn({ "calls/s": perSecond, "p99 ms": 9, "CPU ms/call": 1 });
    const many = tableOf(
      {
        measure: measure("flood-trivial"),
        ways: [
          { name: "bridge, CSV", turns: [flood(6000), flood(12_345.6)] },
          { name: "DSDL stand-in", turns: [flood(200), flood(100)] },
        ],
        limits: [{ name: "a process a core", figures: [{ "calls/s": 900 }, { "calls/s": 1200 }] }],
      },
      "DSDL stand-in",
    );
    const large = tableOf(
      {
        measure: measure("large-lr"),
        ways: [{ name: "bridge, CSV", turns: [turn({ seconds: 0.5, "CPU s": 1, "MB above idle": 300 })] }],
        limits: [{ name: "pyarrow in blocks of 64k rows", figures: [{ seconds: 0.45 }] }],
      },
      "DSDL",
    );
    const command = tableOf(
      {
        measure: measure("command"),
        ways: [
          { name: "ours, by parts", turns: [turn({ "MB/s": 310.4, "peak MB": 20, "getinfo ms": 61 })] },
          { name: "ours, whole table", turns: [turn({ "MB/s": 299, "peak MB": 20, "getinfo ms": 59 })] },
        ],
        limits: [],
      },
      "DSDL",
    );
    await expect([one, many, large, command].join("\n")).toMatchFileSnapshot(join(import.meta.dirname, "output/tables.md"));
  });

  it("counts percentiles and medians", () => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(percentile(hundred, 50)).toBe(51);
    expect(percentile(hundred, 99)).toBe(100);
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBeNaN();
  });
});
