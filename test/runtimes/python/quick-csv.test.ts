import { execFileSync } from "node:child_process";
import { join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { python } from "../bench.ts";

// The quick writer gives what pandas gives, to the byte, or leaves the frame to it. All its ways are asked of each frame: few values, few rows, and many.
const script = `
import json, struct, sys
sys.path.insert(0, ${JSON.stringify(join(import.meta.dirname, "../../../runtimes/python"))})
import numpy as np
import pandas as pd
from worker import few_out, quick_csv

def value(kind, raw):
    if kind == "bits":
        return struct.unpack("<d", struct.pack("<Q", int(raw)))[0]
    return raw

def series(column):
    kind, values = column["kind"], [value(column["kind"], each) for each in column["values"]]
    if kind == "date":
        return pd.Series(pd.to_datetime(values, format="ISO8601"))
    dtype = {"bits": "float64", "float": "float64", "int": "int64", "label": "int64", "byte": "uint8", "bool": "bool", "float32": "float32", "swapped": ">i8", "Int64": "Int64", "category": "category"}.get(kind, object)
    return pd.Series(values, dtype=dtype)

out = []
for case in json.load(sys.stdin):
    frame = pd.concat([series(column) for column in case["columns"]], axis=1)
    frame.columns = case["names"]
    wanted = frame.to_csv(index=False).encode(errors="surrogatepass")
    said = []
    for few_out.FEW_CELLS, quick_csv.FEW_ROWS in ((2000, 100), (-1, 100), (-1, -1)):
        quick = quick_csv.quick_csv(frame)
        said.append("left" if quick is None else "same" if quick == wanted else f"{quick!r} {wanted!r}")
    out.append(said)
print(json.dumps(out))
`;

it("writes plain frames as pandas does, or not at all", () => {
  const values = {
    bits: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
    float: fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer(),
      fc.constantFrom(null, -0, 0.1, 1e-4, 9.999e-5, 1e-5, 1e9, 999999999.5, 1e10, 1e15, 1e16, 1e22, 5e-324, 0.30000000000000004),
      fc.integer({ min: -1e7, max: 1e7 }).map((whole) => whole / 1e5),
    ),
    int: fc.integer(),
    label: fc.integer({ min: -2, max: 1 }),
    byte: fc.integer({ min: 250, max: 255 }),
    bool: fc.boolean(),
    text: fc.oneof(
      fc.string(),
      fc.string({ unit: "binary" }),
      fc.constantFrom("", "a,b", 'say "x"', "a\nb", "a\r", " x ", "é", "1.5", "nan"),
    ),
    plain: fc.constantFrom("a", "b c", "007", "é", "it's"),
    mixed: fc.oneof(fc.string(), fc.integer(), fc.double(), fc.constant(null), fc.boolean()),
    date: fc.constantFrom("2026-01-31", "2026-01-31 10:11:12", null),
    float32: fc.double({ noNaN: true, min: -1e6, max: 1e6 }),
    swapped: fc.integer(),
    Int64: fc.oneof(fc.integer(), fc.constant(null)),
    category: fc.constantFrom("x", "y"),
  };
  const kinds = Object.keys(values) as (keyof typeof values)[];
  const name = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom("a", "b", "c d", "é", "x.1") },
    { weight: 1, arbitrary: fc.constantFrom("", 'q"', "a,b", "1", "\n") },
  );
  const column = (rows: number, among: readonly (keyof typeof values)[]) =>
    fc
      .constantFrom(...among)
      .chain((kind) =>
        fc.array(values[kind] as fc.Arbitrary<unknown>, { minLength: rows, maxLength: rows }).map((all) => ({ kind, values: all })),
      );
  const frame = (among: readonly (keyof typeof values)[]) =>
    fc.integer({ min: 0, max: 6 }).chain((rows) =>
      fc.array(fc.record({ name, column: column(rows, among) }), { minLength: 1, maxLength: 4 }).map((columns) => ({
        names: columns.map((each) => each.name),
        columns: columns.map((each) => each.column),
      })),
    );
  const input = [...fc.sample(frame(kinds), 2000), ...fc.sample(frame(["bits", "float", "int", "label", "byte", "bool", "plain"]), 2000)];
  const results = JSON.parse(
    execFileSync(python, ["-c", script], { input: JSON.stringify(input), encoding: "utf8", maxBuffer: 2 ** 26 }),
  ) as string[][];
  const wrong = results
    .map((said, index) => ({ said, ...input[index] }))
    .filter(({ said }) => said.some((each) => each !== "same" && each !== "left"));
  expect(wrong.slice(0, 3)).toEqual([]);
  for (const way of [0, 1, 2]) expect(results.filter((said) => said[way] === "same").length).toBeGreaterThan(800);
});

it.each([
  ["writes 20,000 columns of a row", "quick_csv.quick_csv(frame)", "frame.to_csv(index=False)", 5],
  ["names 5,000 columns of one name", "header_of(header)", "pd.read_csv(io.BytesIO(header), nrows=0)", 0.5],
])("%s in good time", (_, ours, theirs, most) => {
  const lines = [
    "import io, sys, timeit",
    `sys.path.insert(0, ${JSON.stringify(join(import.meta.dirname, "../../../runtimes/python"))})`,
    "import pandas as pd",
    "from worker import quick_csv",
    "from worker.records import header_of",
    "header = b','.join([b'a'] * 5000) + b'\\n'",
    "frame = pd.DataFrame([[1, 0.5, 'x', True] * 5000], columns=[f'c{at}' for at in range(20000)])",
    `best = [min(timeit.repeat(each, number=1, repeat=3)) for each in (lambda: ${ours}, lambda: ${theirs})]`,
    "print(best[0] / best[1])  # of pandas' time",
  ];
  expect(Number(execFileSync(python, ["-c", lines.join("\n")], { encoding: "utf8" }))).toBeLessThan(most);
});
