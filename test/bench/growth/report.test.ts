import { expect, it } from "vitest";
import { median, quantile } from "../../../bench/growth/curve.ts";
import { memoryOf, watchPeaks } from "../../../bench/growth/memory.ts";
import { tableOf } from "../../../bench/growth/report.ts";

it("makes a table of a curve, with three digits that count", () => {
  const table = tableOf({
    xTitle: "connections",
    columns: [
      { key: "perSecond", title: "calls/s", panel: "calls/s" },
      { key: "p50", title: "p50 ms", panel: null },
    ],
    points: [
      { x: 10, values: { perSecond: 12345.6, p50: 0.123456 } },
      { x: 1000, values: { perSecond: 987.65 } },
    ],
  });
  expect(table).toBe("| connections | calls/s | p50 ms |\n| ---: | ---: | ---: |\n| 10 | 12,350 | 0.123 |\n| 1,000 | 988 | – |");
});

it("takes quantiles that are values", () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect([median(values), quantile(values, 0.99), quantile(values, 1), median([7])]).toEqual([50, 99, 100, 7]);
  expect(() => median([])).toThrow("no values");
});

it("reads memory and its peaks from the system", async () => {
  const { nodeRss, nodePrivate } = await memoryOf(process.pid);
  expect(nodeRss).toBeGreaterThan(20);
  expect(nodePrivate).toBeLessThanOrEqual(nodeRss);
  const peaks = await watchPeaks(process.pid);
  const before = (await peaks()).nodePeak;
  const held = Buffer.alloc(200 << 20, 1);
  expect((await peaks()).nodePeak - before).toBeGreaterThan(100);
  expect(held[5]).toBe(1);
});
