import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Living } from "../../../server/store/living.ts";
import { quietLog } from "./store-suite.ts";

let ticks = 0;
let there: Set<number> | undefined;
let living: Living;
let gone: number[];

beforeEach(async () => {
  vi.useFakeTimers();
  [ticks, there, gone] = [0, new Set([1, 2, 3]), []];
  const session = {
    living: async () => {
      if (!there) throw new Error("the store is away");
      return there;
    },
  };
  living = new Living(session, { now: () => "", ticks: () => ticks }, quietLog);
  living.onGone((bridge) => gone.push(bridge));
  await living.start();
});
afterEach(() => {
  living.close();
  vi.useRealTimers();
});

const pass = async (ms: number) => {
  for (let left = ms; left > 0; left -= 500) {
    ticks += 500;
    await vi.advanceTimersByTimeAsync(500);
  }
};

it("takes a bridge for gone when it is away for three seconds, and tells it once", async () => {
  there = new Set([1, 3]);
  await pass(3000);
  expect(gone).toEqual([]);
  await pass(5000);
  expect(gone).toEqual([2]);
});

it("does not miss one that is back in time", async () => {
  there = new Set([1, 3]);
  await pass(3000);
  there = new Set([1, 2, 3]);
  await pass(500);
  there = new Set([1, 3]);
  await pass(3000);
  expect(gone).toEqual([]);
});

it("begins to miss anew after it could not look itself", async () => {
  there = new Set([1, 3]);
  await pass(3000);
  there = undefined;
  await pass(10_000);
  there = new Set([1]);
  await pass(3000);
  expect(gone).toEqual([]);
  await pass(1000);
  expect(gone).toEqual([2, 3]);
});

it("answers for one that lives at once, and for one it never saw when it stayed away", async () => {
  const answers: [number, boolean][] = [];
  for (const bridge of [1, 9]) void living.isGone(bridge).then((isGone) => answers.push([bridge, isGone]));
  await pass(500);
  expect(answers).toEqual([[1, false]]);
  await pass(4000);
  expect(answers).toEqual([
    [1, false],
    [9, true],
  ]);
});
