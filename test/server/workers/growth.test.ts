import { expect, it } from "vitest";
import { Growth } from "../../../server/workers/growth.ts";

/** A growth that is looked at by hand. */
function growing(waiting: () => [string, number][], isStarted = true) {
  const grown: string[] = [];
  const grow = async (key: string) => {
    grown.push(key);
    return isStarted;
  };
  return { growth: new Growth({ before() {}, waiting, grow }), grown };
}

it("adds a worker for calls that go on waiting, sooner for many", () => {
  let looks = 0;
  for (const [count, most] of [
    [1, 8],
    [30, 1],
  ] as const) {
    const { growth, grown } = growing(() => [["a", count]]);
    for (looks = 0; grown.length === 0; looks++) growth.look();
    expect(looks).toBeLessThanOrEqual(most);
  }
});

it("adds none for one call that waits now and then", () => {
  let look = 0;
  const { growth, grown } = growing(() => (look++ % 5 === 0 ? [["a", 1]] : []));
  for (let n = 0; n < 1000; n++) growth.look();
  expect(grown).toEqual([]);
});

it("leaves a key alone for a while whose worker did not start", async () => {
  const { growth, grown } = growing(() => [["a", 30]], false);
  const look = async () => {
    growth.look();
    await Promise.resolve();
  };
  for (let n = 0; n < 100; n++) await look();
  expect(grown).toEqual(["a"]);
  for (let n = 0; n < 200; n++) await look();
  expect(grown).toEqual(["a", "a"]);
});

it("adds one at the first look where nobody needs to wait longer", () => {
  const { growth, grown } = growing(() => [["a", Number.POSITIVE_INFINITY]]);
  growth.look();
  expect(grown).toEqual(["a"]);
});

it("adds one at once where it is asked to, and none for a while when one did not start", async () => {
  const { growth } = growing(() => []);
  let starts = 0;
  const start = async () => {
    starts++;
    return false;
  };
  for (let n = 0; n < 10; n++) {
    growth.growNow("a", start);
    await Promise.resolve();
    await Promise.resolve();
  }
  expect(starts).toBe(1);
  for (let n = 0; n < 300; n++) growth.look();
  growth.growNow("a", start);
  expect(starts).toBe(2);
  growth.close();
});
