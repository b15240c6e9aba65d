import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SEGMENT_END } from "#contract/call.ts";
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

describe("rows that come back, at the edges", () => {
  const asked = { output: { append: true } } as const;

  it.each([
    ["a row that is longer than the header", "a,b\nx,1,2\ny,3,4\n", "Row 1 has 3 values, the header has 2 columns."],
    ["a line of blanks alone", "a\nx\n \ny\n", "3 lines with values came, but 2 were read as rows"],
  ])("%s is an error of the rows", async (_, rows, message) => {
    const { error } = await probe.call(rows, asked);
    expect(error).toMatchObject({ phase: "parse", message: expect.stringContaining(message) });
  });

  it("keeps values that are longer than Python's csv takes by itself", async () => {
    const long = "x".repeat(200_000);
    expect((await probe.call(`a,b\n${long}\n1,2\n`, asked)).csv).toBe(`a,b,score\n${long},,0.0\n1,2,0.5\n`);
  });

  it("cuts frames by bytes where long values stand together", async () => {
    const rows = [...Array.from({ length: 20_000 }, () => "1\n"), ...Array.from({ length: 100 }, () => `${"y".repeat(300_000)}\n`)].join(
      "",
    );
    const { frames, csv } = await probe.call(Buffer.from(`a\n${rows}`), { ...asked, method: "nothing" });
    expect(csv === `a\n${rows}`).toBe(true);
    expect(Math.max(...frames.map((frame) => frame.length))).toBeLessThan(2 ** 24);
  });

  it("what the code did to df stays its own", async () => {
    expect((await probe.call("a,b\n007,x\n", { ...asked, method: "spoils" })).csv).toBe("a,b,sum\n007,x,8\n");
  });

  it("keeps bytes that are no UTF-8 in columns that the code does not get", async () => {
    const rows = Buffer.concat([Buffer.from("a,b\n1,"), Buffer.from([0xff, 0xfe]), Buffer.from("\n")]);
    const { frames } = await probe.call(rows, { ...asked, input: { fields: ["a"], types: { a: "int64" } } });
    expect(Buffer.concat(frames).toString("latin1")).toBe("a,b,score\n1,\u00ff\u00fe,0.0\n");
  });
});

describe("rows that come back, in Arrow", () => {
  const run = (code: string, input = Buffer.alloc(0)) =>
    execFileSync(python, ["-c", `import sys, json, pyarrow as pa\n${code}`], { input });
  const stream = (table: string) =>
    run(`t = pa.table(${table})\nw = pa.ipc.new_stream(sys.stdout.buffer, t.schema); w.write_table(t); w.close()`);
  const columns = (frames: readonly Buffer[]) =>
    JSON.parse(
      run(
        "t = pa.ipc.open_stream(sys.stdin.buffer).read_all()\nprint(json.dumps([[f.name, str(f.type), t[f.name].to_pylist()] for f in t.schema]))",
        Buffer.concat(frames),
      ).toString(),
    );
  const arrow = { output: { append: true, format: "arrow" } } as const;
  const score = ["score", "double", [0, 0.5]];

  it.each([
    ["as one table", {}],
    ["in blocks", { types: { a: "object", b: "object" }, rowWise: true }],
  ] as const)("of CSV: text, %s", async (_, input) => {
    const { frames } = await probe.call("a,__mv_a,b\n007,,x\n,$é$,\n", { ...arrow, input });
    expect(columns(frames)).toEqual([["a", "string", ["007", ""]], ["b", "string", ["x", ""]], score, ["__mv_a", "string", ["", "$é$"]]]);
  });

  const table = stream("{'n': pa.array([1, None], pa.int32()), 't': pa.array([True, None]), 's': ['007', None]}");

  it("of Arrow: what they were", async () => {
    const { frames } = await probe.call(table, { ...arrow, input: { format: "arrow" } });
    expect(columns(frames)).toEqual([["n", "int32", [1, null]], ["t", "bool", [true, null]], ["s", "string", ["007", null]], score]);
  });

  it("of Arrow, answered in CSV: whole numbers stay whole", async () => {
    const { csv } = await probe.call(table, { input: { format: "arrow" }, output: { append: true } });
    expect(csv).toBe("n,t,s,score\n1,True,007,0.0\n,,,0.5\n");
  });

  it("in several streams", async () => {
    const other = stream("{'s': ['x'], 'f': [1.5]}");
    async function* rows() {
      yield table;
      yield SEGMENT_END;
      yield other;
    }
    const { frames } = await probe.call(rows(), { ...arrow, method: "nothing", input: { format: "arrow" } });
    expect(columns(frames)).toEqual([
      ["n", "int32", [1, null, null]],
      ["t", "bool", [true, null, null]],
      ["s", "string", ["007", null, "x"]],
      ["f", "double", [null, null, 1.5]],
    ]);
  });

  it("in several streams whose types do not go together: an error", async () => {
    async function* rows() {
      yield table;
      yield SEGMENT_END;
      yield stream("{'n': ['x']}");
    }
    const { error } = await probe.call(rows(), { ...arrow, input: { format: "arrow" } });
    expect(error).toMatchObject({ phase: "parse", message: expect.stringContaining("types do not go together") });
  });

  it("not with other columns in a later block", async () => {
    const input = { types: { a: "object" }, rowWise: true } as const;
    const { error } = await probe.call(inSegments(["a\nx\n", "b\ny\n"]), { method: "echo", input, output: { format: "arrow" } });
    expect(error).toMatchObject({ phase: "result", type: "NoTable", message: expect.stringContaining("ask for CSV") });
    expect((await probe.call("a\n1\n")).csv).toBe("score\n0.0\n");
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
