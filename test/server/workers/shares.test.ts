import { expect, it } from "vitest";
import { Shares } from "../../../server/workers/shares.ts";

const slots = { fit: 1, apply: 4, plain: 1, perKey: 2 };
const asking = (caller: string, key = "iris@1") =>
  ({ algorithm: "iris", key, caller, purpose: "apply", isScheduled: false, input: Buffer.alloc(0) }) as const;

function sharesAt(start: number) {
  const time = { ticks: start };
  return { time, shares: new Shares(slots, { now: () => "", ticks: () => time.ticks }) };
}

it("gives a caller as many workers of a version as there are for one", () => {
  const { shares } = sharesAt(0);
  shares.take(asking("flood"));
  expect(shares.mayTake(asking("flood"))).toBe(true);
  shares.take(asking("flood"));
  expect(shares.mayTake(asking("flood"))).toBe(false);
  expect(shares.mayTake(asking("other"))).toBe(true);
});

it("leaves one of them to others for a tenth of a second after their last call, and to each caller one in any case", () => {
  const { shares, time } = sharesAt(0);
  shares.take(asking("other"));
  time.ticks = 50;
  shares.give(asking("other"));
  expect(shares.mayTake(asking("flood"))).toBe(true);
  shares.take(asking("flood"));
  expect(shares.mayTake(asking("flood"))).toBe(false);
  expect(shares.mayTake(asking("other"))).toBe(true);
  expect(shares.mayTake(asking("flood", "other@1"))).toBe(true);
  for (time.ticks = 60; time.ticks < 150; time.ticks += 10) {
    shares.give(asking("flood"));
    shares.take(asking("flood"));
    expect(shares.mayTake(asking("flood"))).toBe(false);
  }
  time.ticks = 150;
  expect(shares.mayTake(asking("flood"))).toBe(true);
});

it("leaves none to others while its only call has many rows, nor for long", () => {
  const { shares } = sharesAt(0);
  async function* many() {
    yield Buffer.from("a\n");
  }
  shares.take({ ...asking("flood"), input: many() });
  shares.take(asking("other"));
  expect(shares.mayTake(asking("flood"))).toBe(true);
  shares.take(asking("flood"));
  expect(shares.mayTake(asking("flood"), true)).toBe(false);
  shares.give({ ...asking("flood"), input: many() });
  expect(shares.mayTake(asking("flood"))).toBe(false);
  expect(shares.mayTake(asking("flood"), true)).toBe(true);
});

it("says which share is full, and whether it were without some calls", () => {
  const { shares } = sharesAt(0);
  const asked = asking("flood");
  for (const key of ["iris@1", "iris@1", "other@1"]) shares.take(asking("flood", key));
  expect([shares.full(asked), shares.full(asking("flood", "other@1")), shares.full(asking("other"))]).toEqual([
    "version",
    undefined,
    undefined,
  ]);
  shares.take(asking("flood", "other@1"));
  expect([shares.full(asked), shares.full(asking("flood", "third@1"))]).toEqual(["version", "all"]);
  expect(shares.full(asking("flood", "third@1"), [asking("other")])).toBe("all");
  expect(shares.full(asking("flood", "third@1"), [asked])).toBe(undefined);
  expect(shares.full(asked, [asking("flood", "other@1")])).toBe("version");
  expect(shares.full(asked, [asked])).toBe(undefined);
  shares.take(asked); // who goes on takes its place beside those that there are
  expect(shares.full(asked, [asked])).toBe("version");
  expect(shares.full(asked, [asked, asked])).toBe(undefined);
});
