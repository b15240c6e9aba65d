import { expect, it } from "vitest";
import { LAST, type Moment, STEPS, stepsOf } from "../../../bench/profile/timeline/moments.ts";
import { tableOf } from "../../../bench/profile/timeline/table.ts";

const milestones = [...STEPS.map(([name]) => name), LAST];
const call = (from: number, each: number): Moment[] => milestones.map((name, index) => [name, from + index * each]);

it("follows each call from milestone to milestone, whoever noted them and in whatever order they are told", () => {
  const noise: Moment[] = [
    ["request", 0],
    ["results received", 2_500],
    ["call received", 1],
  ];
  expect(stepsOf([...call(100_000, 3000), ...noise, ...call(1000, 2000)])).toEqual([STEPS.map(() => 2), STEPS.map(() => 3)]);
});

it("leaves out a call of which a milestone was not seen", () => {
  const unseen = call(1000, 1000).filter(([name]) => name !== "rows read");
  expect(stepsOf([...unseen, ...call(100_000, 1000)])).toEqual([STEPS.map(() => 1)]);
});

it("gives the median of each step, and of the whole call", () => {
  const timed = { calls: [[1, 2, 3, 4, 5, 6, 7, 8]], bridgeMs: [0.3, 0.2, 0.1], floorMs: [0.05] };
  const lines = tableOf([timed, { ...timed, bridgeMs: [0.15] }]).split("\n");
  expect(lines).toHaveLength(2 + STEPS.length + 2);
  expect(lines[2]).toMatch(/\| 1 \| 1 \|$/);
  expect(lines.at(-2)).toBe("| **the whole call** | 200 | 150 |");
  expect(lines.at(-1)).toMatch(/\| 50 \| 50 \|$/);
});
