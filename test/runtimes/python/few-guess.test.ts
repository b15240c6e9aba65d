import { execFileSync } from "node:child_process";
import { join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { python } from "../bench.ts";

// Where no types are known, the quick way gives pandas.read_csv's types and values, or leaves the rows to it.
const script = `
import io, json, sys
sys.path.insert(0, ${JSON.stringify(join(import.meta.dirname, "../../../runtimes/python"))})
import pandas as pd
from worker.tables_in import read_table
if len(sys.argv) > 1:
    pd.set_option(sys.argv[1], True)
asked = {"format": "csv", "fields": None, "types": None, "untyped": "guess", "dropMultivalue": False}
out = []
for text in json.load(sys.stdin):
    try:
        table = read_table(asked, text.encode())
    except Exception:
        table = None
    if table is None or not table.is_quick:
        out.append("left")
        continue
    quick = table.frame
    try:
        slow = pd.read_csv(io.BytesIO(text.encode()))
        pd.testing.assert_frame_equal(quick, slow, check_exact=True)
        same = [[repr(each) for each in quick[name]] for name in quick] == [[repr(each) for each in slow[name]] for name in slow]
        flags = quick.values.flags
        same = same and (flags.c_contiguous, flags.f_contiguous) == (slow.values.flags.c_contiguous, slow.values.flags.f_contiguous)
        out.append("same" if same else f"{quick.to_dict()} {slow.to_dict()}")
    except Exception as error:
        out.append(f"{type(error).__name__}: {error}")
print(json.dumps(out))
`;

function read(texts: readonly string[], ...options: readonly string[]): string[] {
  const input = JSON.stringify(texts);
  return JSON.parse(execFileSync(python, ["-c", script, ...options], { input, encoding: "utf8", maxBuffer: 2 ** 26 })) as string[];
}

it("leaves to pandas what it reads in ways of its own", () => {
  const gaps = ["a,b\n123456789012345679,1\n,2\n", "a,b\n-12345678901234567,1\nNA,2\n99999999999999999,3\n"];
  const lines = ['a,b\n"12\n",x\n', 'a,b\n"\n12",x\n', 'a,b\n"x\n",x\n'];
  const long = ["a\n123456789012345678901.5\n", "a,b\n1,x\n,x\n123456789012345678901.5,x\n", "a\n123456789012345678901e2\n"];
  expect(read([...gaps, ...lines, ...long])).toEqual([...gaps.map(() => "same"), ...[...lines, ...long].map(() => "left")]);
  expect(read(["a\nx\n"])).toEqual(["same"]);
  expect(read(["a\nx\n", "a\n1.5\n"], "future.infer_string")).toEqual(["left", "left"]);
});

it("guesses few plain rows as pandas does, or not at all", () => {
  const digits = fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: 1, maxLength: 20 });
  const decimal = fc.tuple(fc.constantFrom("", "-"), digits, digits).map(([sign, whole, part]) => `${sign}${whole}.${part}`);
  const word = fc.constantFrom("x", "host-1", "a b", "GET", "e5", "Nan1", "it's", "a;b", "#c", "a_b", "T");
  const odd = fc.constantFrom(
    ...["", "NA", "nan", "None", "null", "inf", "-inf", "Infinity", "True", "false", "TRUE", "FALSE", "tRue", "N/A", "#N/A", "-nan"],
    ...[
      "007",
      "-0",
      "-0.0",
      "1e5",
      "1E-3",
      ".5",
      "5.",
      "+5",
      " 5",
      "5 ",
      "0x1f",
      "1_000",
      "2026-01-31",
      "9223372036854775808",
      '"q"',
      "\t1",
      "é",
      "-",
      ".",
      "-.5",
    ],
  );
  const numbers = fc.oneof(
    fc.integer().map(String),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    fc.integer({ min: -1e9, max: 1e9 }).map((each) => (each / 1e4).toFixed(4)),
    digits,
    decimal,
  );
  const plain: Record<string, fc.Arbitrary<string>> = {
    int: fc.integer().map(String),
    float: fc.integer({ min: -1e9, max: 1e9 }).map((each) => (each / 1e5).toFixed(5)),
    mixed: fc.oneof(fc.integer().map(String), fc.constantFrom("0.5", "-2.25")),
    bool: fc.constantFrom("True", "false", "TRUE"),
    text: word,
    decimal: fc.tuple(fc.integer({ min: 0, max: 1e7 }), fc.integer({ min: 0, max: 1e7 })).map(([whole, part]) => `${whole}.${part}`),
  };
  const name = fc.constantFrom("a", "b", "c d", "_time", "1", "x.1", "True", "NA");
  const table = (cell: (column: number) => fc.Arbitrary<string>, end: fc.Arbitrary<string>) =>
    fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 4 })).chain(([width, rows]) => {
      const row = fc.tuple(...Array.from({ length: width }, (_, column) => cell(column))).map((cells) => cells.join(","));
      const header = fc.array(name, { minLength: width, maxLength: width }).map((names) => names.join(","));
      return fc
        .tuple(header, fc.array(row, { minLength: rows, maxLength: rows }), end)
        .map(([head, lines, last]) => [head, ...lines].join("\n") + last);
    });
  const end = fc.constantFrom("\n", "", "\n\n", "\r\n");
  const columnsOf = fc.array(fc.constantFrom(...Object.values(plain)), { minLength: 4, maxLength: 4 });
  const input = [
    ...fc.sample(
      table(() => fc.oneof({ weight: 4, arbitrary: numbers }, { weight: 2, arbitrary: word }, { weight: 1, arbitrary: odd }), end),
      1000,
    ),
    ...fc.sample(
      table(() => fc.oneof(numbers, odd), end),
      1000,
    ),
    ...fc.sample(
      columnsOf.chain((columns) => table((column) => columns[column] ?? word, fc.constant("\n"))),
      1000,
    ),
  ];
  const said = read(input);
  const wrong = said
    .map((each, index) => ({ said: each, text: input[index] }))
    .filter((each) => each.said !== "same" && each.said !== "left");
  expect(wrong.slice(0, 5)).toEqual([]);
  expect(said.filter((each) => each === "same").length).toBeGreaterThan(1000);
});
