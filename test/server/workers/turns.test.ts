import fc from "fast-check";
import { expect, it } from "vitest";
import { Turns } from "../../../server/workers/turns.ts";

const any = () => true;

it("gives each algorithm its turn, and within one the first who came", () => {
  const turns = new Turns<string>();
  for (const entry of ["a1", "a2", "a3", "b1", "c1", "b2"]) turns.add(entry.charAt(0), "apply", entry);
  const order = Array.from({ length: 6 }, () => turns.next("apply", any));
  expect(order).toEqual(["a1", "b1", "c1", "a2", "b2", "a3"]);
  expect(turns.next("apply", any)).toBeUndefined();
});

it("passes over those that cannot be served now, also within an algorithm", () => {
  const turns = new Turns<string>();
  for (const entry of ["old1", "old2", "new1"]) turns.add("a", "apply", entry);
  expect(turns.next("apply", (entry) => entry.startsWith("new"))).toBe("new1");
  expect(turns.next("fit", any)).toBeUndefined();
  expect(turns.next("apply", any)).toBe("old1");
});

it("puts one that comes again before the others of its algorithm", () => {
  const turns = new Turns<string>();
  turns.add("a", "apply", "second");
  turns.add("a", "apply", "again", { isFirst: true });
  expect(turns.next("apply", any)).toBe("again");
});

it("serves everybody once, and nobody twice before another who waits once", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 60 }), (algorithms) => {
      const turns = new Turns<{ algorithm: string; n: number }>();
      algorithms.forEach((algorithm, n) => {
        turns.add(algorithm, "apply", { algorithm, n });
      });
      const waiting = turns.counts();
      let sinceServed = new Set<string>();
      for (const _ of algorithms) {
        const served = turns.next("apply", any);
        if (!served) throw new Error("somebody was lost");
        if (sinceServed.has(served.algorithm)) {
          expect([...waiting].filter(([name, count]) => count > 0 && !sinceServed.has(name))).toEqual([]);
          sinceServed = new Set();
        }
        sinceServed.add(served.algorithm);
        waiting.set(served.algorithm, (waiting.get(served.algorithm) ?? 0) - 1);
      }
      expect(turns.clear()).toEqual([]);
    }),
  );
});

it("forgets one that left", () => {
  const turns = new Turns<string>();
  turns.add("a", "apply", "a1");
  turns.add("a", "fit", "a2");
  expect(turns.remove("a", "apply", "a1")).toBe(true);
  expect(turns.remove("a", "apply", "a1")).toBe(false);
  expect(turns.count("a")).toBe(1);
});
