import { execFileSync } from "node:child_process";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { python } from "../bench.ts";

// ARROW_TABLES=10000 reads so many.
const many = Number(process.env.ARROW_TABLES ?? 500);

interface Column {
  readonly name: string;
  readonly arrow: string;
  readonly values: readonly unknown[];
}

interface Case {
  readonly columns: readonly Column[];
  readonly types: Readonly<Record<string, string>>;
  readonly fitted: boolean;
  readonly rows: number;
}

function compared(cases: readonly Case[]): string[] {
  const options = { input: JSON.stringify(cases), encoding: "utf8", maxBuffer: 2 ** 28 } as const;
  return JSON.parse(execFileSync(python, ["-W", "ignore", join(import.meta.dirname, "arrow_types.py")], options)) as string[];
}

const small = fc.integer({ min: -100, max: 100 });
// Empty text and words for a missing value are text by Arrow alone (docs/concepts/table.md).
const text = fc.constantFrom("x", "007", "7", "1.5", "True", "é, ü", 'q"q', " y", "2026-01-31 10:00:05");
const quarter = small.map((each) => each / 4);
const float = fc.oneof(
  quarter.map(String),
  small.map(String),
  fc.double().map(pythonFloat),
  fc.constantFrom("1e300", "1e16", "1.2345678901234567e18", "inf"),
);
const day = fc.constantFrom("2026-01-31", "1970-01-01", "2026-02-28");

/** What values Arrow's types hold, and which of the contract's types take most of them. */
const kinds: Record<string, readonly [fc.Arbitrary<unknown>, readonly string[]]> = {
  int64: [fc.oneof(small, fc.integer(), fc.maxSafeInteger()), ["int64", "float64", "object", "uint64"]],
  int8: [small, ["int64", "float64", "object"]],
  uint32: [fc.nat(), ["int64", "float64", "object", "uint64"]],
  float64: [float, ["float64", "int64", "object"]],
  float32: [quarter.map(String), ["float64", "int64", "object"]],
  string: [text, ["object"]],
  large_string: [fc.oneof(small.map(String), quarter.map(String), fc.constantFrom("", "NA")), ["float64", "int64"]],
  string_view: [fc.constantFrom("True", "false", "TRUE"), ["bool", "object"]],
  dictionary: [text, ["object", "float64"]],
  bool_: [fc.boolean(), ["bool", "object"]],
  null: [fc.constant(null), ["int64", "float64", "object", "bool", "datetime64[ns]"]],
  decimal: [small.map((each) => (each / 4).toFixed(2)), ["float64", "int64", "object"]],
  date32: [day, ["datetime64[ns]", "object"]],
  timestamp: [fc.tuple(day, fc.constantFrom("10:00:05", "00:00:00")).map((each) => each.join(" ")), ["datetime64[ns]", "object"]],
};

const everyType = ["int64", "uint64", "float64", "bool", "object", "datetime64[ns]"];

/** A column of so many rows, and its known type. */
const column = (name: string, rows: number) =>
  fc.constantFrom(...Object.entries(kinds)).chain(([arrow, [value, likely]]) => {
    const cell = fc.oneof(
      { weight: 3, arbitrary: fc.constant(value) },
      { weight: 1, arbitrary: fc.constant(fc.option(value, { freq: 3 })) },
    );
    const others = everyType.filter((each) => each !== "object" || arrow !== "large_string");
    const type = fc.oneof({ weight: 30, arbitrary: fc.constantFrom(...likely) }, { weight: 1, arbitrary: fc.constantFrom(...others) });
    return fc
      .tuple(
        cell.chain((each) => fc.array(each, { minLength: rows, maxLength: rows })),
        type,
      )
      .map(([values, known]) => ({ column: { name, arrow, values }, known }));
  });

const table: fc.Arbitrary<Case> = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.nat({ max: 8 })).chain(([width, rows]) =>
  fc
    .tuple(
      fc.tuple(...["a", "b", "c", "d"].slice(0, width).map((name) => column(name, rows))),
      fc.boolean(),
      fc.integer({ min: 1, max: 9 }),
    )
    .map(([made, fitted, batch]) => ({
      columns: made.map((each) => each.column),
      types: Object.fromEntries(made.map((each) => [each.column.name, each.known])),
      fitted,
      rows: batch,
    })),
);

/** Python's repr. */
function pythonFloat(value: number): string {
  return Number.isNaN(value) ? "nan" : Number.isFinite(value) ? String(value) : value > 0 ? "inf" : "-inf";
}

const one = (arrow: string, values: readonly unknown[], type: string, fitted = true): Case => ({
  columns: [{ name: "a", arrow, values }],
  types: { a: type },
  fitted,
  rows: 2,
});

describe("Arrow with known types", () => {
  it("is read as CSV is", () => {
    const cases: [string, Case, string][] = [
      ["missing text", one("string", ["x", null], "object"), "same"],
      ["whole numbers where a fit saw floats", one("int64", [1, 2, null], "float64"), "same"],
      ["floats where a fit saw whole numbers", one("float64", ["1.0", "2.0", "3.0"], "int64"), "same"],
      ["floats of more digits than their text has", one("float64", ["1.2345678901234567e18", "1.0"], "int64"), "same"],
      ["decimals where a fit saw whole numbers", one("float64", ["1.0", "2.0", "2.5"], "int64"), "same"],
      ["floats where whole numbers are declared", one("float64", ["1.0"], "int64", false), "refused"],
      ["numbers for text", one("int64", [1, 2], "object", false), "same"],
      ["numbers as text", one("string", ["1", "2"], "float64", false), "same"],
      ["text for numbers", one("string", ["1", "2", "x"], "float64", false), "refused"],
      ["truths with gaps", one("bool_", [true, null, false], "bool"), "same"],
      ["truths for numbers", one("bool_", [true], "float64"), "refused"],
      ["a date that nanoseconds cannot hold", one("timestamp", ["9999-01-01 00:00:01"], "datetime64[ns]"), "refused"],
      ["no rows", one("string", [], "float64"), "same"],
      ["no values", one("null", [null, null], "int64"), "same"],
    ];
    const said = compared(cases.map(([, each]) => each));
    expect(cases.map(([name], at) => [name, said[at]])).toEqual(cases.map(([name, , wanted]) => [name, wanted]));
  });

  it("gives any table the types and values of its CSV, or is refused as that is", { timeout: 120 * many + 60_000 }, () => {
    const cases = fc.sample(table, many);
    const said = compared(cases).map((each, at) => ({ said: each, ...(cases[at] as Case) }));
    expect(said.filter((each) => each.said !== "same" && each.said !== "refused").slice(0, 3)).toEqual([]);
    expect(said.filter((each) => each.said === "same").length).toBeGreaterThan(many / 3);
    expect(said.filter((each) => each.said === "refused").length).toBeGreaterThan(many / 50);
  });
});
