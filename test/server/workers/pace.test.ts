import { expect, it } from "vitest";
import { Pace } from "../../../server/workers/pace.ts";

it("guesses a wait from what calls of the same kind took, within a second and a minute", () => {
  const pace = new Pace();
  pace.add("apply iris", 0.5);
  pace.add("fit iris", 600);
  expect(pace.secondsFor("apply iris", 64, 2)).toBe(16);
  expect(pace.secondsFor("apply iris", 1, 2)).toBe(1);
  expect(pace.secondsFor("fit iris", 64, 1)).toBe(60);
  expect(pace.secondsFor("apply new", 10, 2)).toBe(5);
});
