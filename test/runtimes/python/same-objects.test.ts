import { execFileSync } from "node:child_process";
import { join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { python } from "../bench.ts";

/** Small ones, and those whose entries are compared together. */
const size = fc.oneof(fc.nat(20), fc.integer({ min: 990, max: 1010 }), fc.nat(3000));
const change = fc.tuple(fc.nat(3000), fc.constantFrom("alike", "other", "same", "drop", "move"));
const kind = fc.constantFrom("list", "deque", "set", "dict", "OrderedDict", "Counter", "defaultdict");
const cases = fc.record({ kind, size, changes: fc.array(change, { maxLength: 3 }) });

function wrong(given: readonly unknown[]): unknown[] {
  const options = { input: JSON.stringify(given), encoding: "utf8" } as const;
  const said = JSON.parse(execFileSync(python, [join(import.meta.dirname, "same_objects.py")], options)) as (string | null)[];
  return said.flatMap((each, at) => (each === null ? [] : [{ said: each, ...(given[at] as object) }])).slice(0, 3);
}

it("containers hold the very objects again, whatever was changed, and no code of theirs is asked", () => {
  expect(wrong(fc.sample(cases, 400))).toEqual([]);
});

it("an entry that is equal and not the same is put back, in small containers and large ones", () => {
  const kinds = ["list", "deque", "set", "dict", "OrderedDict", "Counter", "defaultdict"];
  const changes = Array.from({ length: 4 }, (_, place) => [place, "alike"]);
  expect(wrong([10, 2000].flatMap((entries) => kinds.map((each) => ({ kind: each, size: entries, changes }))))).toEqual([]);
});
