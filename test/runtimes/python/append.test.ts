import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Asked, Bench, type Probe, python } from "../bench.ts";
import { inSegments } from "../segments.ts";

let bench: Bench;
let probe: Probe;
beforeAll(async () => {
  bench = await Bench.open();
  probe = await bench.worker(readFileSync(join(import.meta.dirname, "modules/append.py"), "utf8"), { name: "append" });
});
afterAll(() => bench?.[Symbol.asyncDispose]());

/** What a script of Python's own csv makes of values. */
function python3<T>(script: string, values: unknown): T {
  const text = execFileSync(python, ["-c", `import csv, io, json, sys\n${script}`], { input: JSON.stringify(values), maxBuffer: 2 ** 28 });
  return JSON.parse(text.toString()) as T;
}

const value = fc.oneof(
  fc.constantFrom("", "007", "1.50", "NA", "nan", "True", "x", " y ", "é中\u{1F600}", "1e5", "$1$;$2$", "a\u0000b"),
  fc.string({ unit: fc.constantFrom("a", '"', ",", "\n", "\r\n", "é", " ", ";", "'") }),
  fc.integer().map(String),
);
/** Each in quotes or not, where it may be either; a quote within a value may stand alone. */
const cell = fc.tuple(value, fc.boolean()).map(([text, quote]) => {
  const isPlain = !/[,\r\n]|^"/.test(text);
  return isPlain && !(quote && text !== "") ? text : `"${text.replaceAll('"', '""')}"`;
});
const names = fc.shuffledSubarray(["a", "b", "c d", "é", '"q,"', "__mv_a", "__mv_z", "e"], { minLength: 2 });
const records = (width: number, isEven: boolean) =>
  fc.array(
    fc.tuple(fc.array(cell, { minLength: width, maxLength: width }), fc.integer({ min: 0, max: 9 })).map(([cells, short]) =>
      // A line of blanks alone would be no row.
      (isEven || short > 1 || cells.slice(0, -1).join("").trim() === "" ? cells : cells.slice(0, -1)).join(","),
    ),
    { maxLength: 6 },
  );
const text = (header: readonly string[], rows: readonly string[], end: string) =>
  [header.map((name) => (/[",]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name)).join(","), ...rows]
    .map((row) => row + end)
    .join("");
const csvText = (isEven: boolean) =>
  names.chain((header) =>
    fc.tuple(records(header.length, isEven), fc.constantFrom("\n", "\r\n")).map(([rows, end]) => text(header, rows, end)),
  );

describe("rows that come back", () => {
  it.each([
    ["guessed", false, {}],
    ["as text", true, { untyped: "text" }],
    ["in blocks", true, { untyped: "text", rowWise: true }],
  ] as const)("are what Python's csv reads of them: %s", async (_, isEven, input) => {
    const sent = fc.sample(csvText(isEven), 150);
    const pairs: { sent: string; came: string }[] = [];
    for (const each of sent) {
      const { csv, error } = await probe.call(each, { input, output: { append: true } });
      pairs.push({ sent: each, came: error ? `${error.message} ${error.traceback}` : csv });
    }
    const wrong = python3<{ sent: string; came: string; expected: string[][] }[]>(
      `
def rows(text):
    return [row for row in csv.reader(io.StringIO(text, newline="")) if row]
wrong = []
for pair in json.load(sys.stdin):
    header, *sent = rows(pair["sent"])
    mv = [name for name in header if name.startswith("__mv_")]
    order = [name for name in header if name not in mv] + ["score"] + mv
    expected = [order]
    for n, row in enumerate(sent):
        values = dict(zip(header, row + [""] * (len(header) - len(row))), score=str(n * 0.5))
        expected.append([values[name] for name in order])
    if rows(pair["came"]) != expected:
        wrong.append({**pair, "expected": expected})
json.dump(wrong, sys.stdout)`,
      pairs,
    );
    expect(wrong.slice(0, 3)).toEqual([]);
  });
});

describe("rows in segments", () => {
  it.each([
    ["guessed", {}],
    ["as text", { input: { untyped: "text" } }],
    ["coming back", { output: { append: true }, method: "nothing" }],
  ] as const)("are one table of csv.DictReader's rows: %s", async (_, asked) => {
    const sent = fc.sample(fc.array(csvText(true), { minLength: 2, maxLength: 4 }), 120);
    const united = python3<string[]>(
      `
out = []
for segments in json.load(sys.stdin):
    readers = [csv.DictReader(io.StringIO(text, newline="")) for text in segments]
    names = list(dict.fromkeys(name for reader in readers for name in reader.fieldnames))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, names, lineterminator="\\n")
    writer.writeheader()
    for reader in readers:
        writer.writerows(reader)
    out.append(text.getvalue())
json.dump(out, sys.stdout)`,
      sent,
    );
    for (const [at, segments] of sent.entries()) {
      const call: Asked = { method: "echo", ...asked };
      const [one, several] = [await probe.call(united[at] as string, call), await probe.call(inSegments(segments, 7), call)];
      expect({ segments, csv: several.csv, error: several.error?.message }).toEqual({ segments, csv: one.csv, error: undefined });
    }
  });
});
