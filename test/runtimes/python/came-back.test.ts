import { execFileSync } from "node:child_process";
import { join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { python } from "../bench.ts";
import { type CsvText, mixedNumbersCsv, nearlyWrittenFloatsCsv, numbersCsv, writtenFloatsCsv } from "./csv-texts.ts";

// CSV_TEXTS=10000 has so many of each kind.
const many = Number(process.env.CSV_TEXTS ?? 200);

interface Said {
  readonly came: number;
  readonly differs: string | null;
}

function apply(cases: readonly CsvText[]): (Said & CsvText)[] {
  const options = { input: JSON.stringify(cases), encoding: "utf8", maxBuffer: 2 ** 28 } as const;
  const said = JSON.parse(execFileSync(python, [join(import.meta.dirname, "came_back.py")], options)) as Said[];
  return said.map((each, at) => ({ ...each, ...(cases[at] as CsvText) }));
}

it("answers rows that come back by what came, where that is what would be written", { timeout: 120 * many + 60_000 }, () => {
  const written = apply(fc.sample(writtenFloatsCsv, many));
  expect(written.filter(({ differs }) => differs !== null).slice(0, 3)).toEqual([]);
  const long = written.filter(({ text }) => text.length > 400);
  expect(long.length).toBeGreaterThan(many / 10);
  expect(long.filter(({ came }) => came > 0).length).toBeGreaterThan(long.length * 0.8);

  const any = apply([...fc.sample(nearlyWrittenFloatsCsv, many), ...fc.sample(numbersCsv, many), ...fc.sample(mixedNumbersCsv, many)]);
  expect(any.filter(({ differs }) => differs !== null).slice(0, 3)).toEqual([]);
});

it("takes no great number's exponent for a tiny one's", () => {
  const [said] = apply([{ text: "a,b\n1e+16,0.5\n0.00001,1.5\n", cuts: [] }]);
  expect(said?.differs).toBeNull();
});
