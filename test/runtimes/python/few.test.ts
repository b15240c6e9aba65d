import { execFileSync } from "node:child_process";
import { join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { python } from "../bench.ts";

// The quick way for few rows gives what the library gives, or leaves them to it.
const script = `
import importlib, json, sys
sys.path.insert(0, ${JSON.stringify(join(import.meta.dirname, "../../../runtimes/python"))})
from worker import few, typed
out = []
for case in json.load(sys.stdin):
    names, types, records = case["names"], case["types"], case["records"].encode()
    made = few.read(records, few.shape_of(names, names, types))
    if made is None:
        out.append("left")
        continue
    parser = typed.TypedParser(names, types, names)
    quick = parser.took(*made)
    few.MOST_BYTES, kept = -1, few.MOST_BYTES
    try:
        library = typed.TypedParser(names, types, names)
        slow = library.parse(records)
        same = library.notes() == parser.notes() and quick.equals(slow) and list(map(str, quick.dtypes)) == list(map(str, slow.dtypes))
        out.append("same" if same else f"{quick.to_dict()} {slow.to_dict()}")
    except Exception as error:
        out.append(f"{quick.to_dict()} but {error}")
    few.MOST_BYTES = kept
print(json.dumps(out))
`;

it("parses few plain rows as the library does, or not at all", () => {
  const value = fc.oneof(
    fc.integer().map(String),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    fc.constantFrom(
      "True",
      "false",
      "007",
      "1.50",
      "-0",
      "-0.0",
      "1e5",
      "1E-3",
      "inf",
      "-inf",
      "nan",
      "",
      "NA",
      "x",
      "0x1f",
      "1_000",
      "+5",
      " 5",
      "9223372036854775807",
      "9223372036854775808",
      "-1",
      "1e400",
      ".5",
      "5.",
      "\u0665",
      "Infinity",
    ),
  );
  const type = fc.constantFrom("int64", "uint64", "float64", "bool", "object");
  const cases = fc.sample(
    fc.record({
      kinds: fc.array(type, { minLength: 1, maxLength: 3 }),
      rows: fc.array(fc.array(value, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 3 }),
    }),
    3000,
  );
  const typed: Record<string, string[]> = {
    int64: ["5", "-7", "007"],
    uint64: ["5"],
    float64: ["1.5", "2", "-3e2"],
    bool: ["True", "false"],
    object: ["007", "x"],
  };
  const plain = fc
    .sample(fc.array(type, { minLength: 1, maxLength: 4 }), 500)
    .map((kinds) => ({ kinds, rows: [0, 1].map((row) => kinds.map((kind) => typed[kind]?.[row] ?? typed[kind]?.[0] ?? "")) }));
  const input = [...cases, ...plain].map(({ kinds, rows }) => {
    const names = kinds.map((_, index) => `c${index}`);
    return {
      names,
      types: Object.fromEntries(names.map((name, index) => [name, kinds[index]])),
      records: `${rows.map((row) => row.slice(0, kinds.length).join(",")).join("\n")}\n`,
    };
  });
  const results = JSON.parse(
    execFileSync(python, ["-c", script], { input: JSON.stringify(input), encoding: "utf8", maxBuffer: 2 ** 26 }),
  ) as string[];
  const wrong = results
    .map((result, index) => ({ result, ...input[index] }))
    .filter(({ result }) => result !== "same" && result !== "left");
  expect(wrong.slice(0, 5)).toEqual([]);
  expect(results.filter((result) => result === "same").length).toBeGreaterThan(500);
});
