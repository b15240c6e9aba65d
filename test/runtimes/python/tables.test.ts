import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Bench, type Probe, python } from "../bench.ts";

let bench: Bench;
let probe: Probe;
beforeAll(async () => {
  bench = await Bench.open();
  probe = await bench.worker(readFileSync(join(import.meta.dirname, "modules/tables.py"), "utf8"), { name: "tables" });
});
afterAll(() => bench?.[Symbol.asyncDispose]());

async function seen(csv: string | Buffer, input = {}) {
  const { csv: text, error, done } = await probe.call(csv, { method: "seen", input });
  if (error) return { error };
  const [types, index, ...values] = (
    /^types,index,values\n("(?:[^"]|"")*"|[^,\n]*),("(?:[^"]|"")*"|[^,\n]*),("(?:[^"]|"")*"|.*)\n$/s.exec(text)?.slice(1) ?? []
  ).map((each) => (each.startsWith('"') ? each.slice(1, -1).replaceAll('""', '"') : each));
  return { types, index, values: values.join(","), done };
}

/** The contract's section 2, CSV in: what `apply` sees when no types are known. */
describe("rows without types are what pandas.read_csv makes of them", () => {
  it.each([
    ["leading zeros", "a\n007\n", "a:int64", "7"],
    ["a decimal", "a\n1.50\n", "a:float64", "1.5"],
    ["bools", "a\nTrue\nfalse\n", "a:bool", "True False"],
    ["words for nothing", "a\nx\nNA\nN/A\nnull\nNULL\nNone\nnan\n<NA>\n", "a:object", "'x' nan nan nan nan nan nan nan"],
    ["ints with a gap", "a,b\n1,x\n,y\n", "a:float64 b:object", "1.0 'x' nan 'y'"],
    ["bools with a gap", "a,b\nTrue,x\n,y\n", "a:object b:object", "True 'x' nan 'y'"],
    ["uint64", "a\n18446744073709551615\n", "a:uint64", "18446744073709551615"],
    ["larger than uint64", "a\n18446744073709551616\n", "a:object", "'18446744073709551616'"],
    ["dates stay text", "a\n2026-01-31\n", "a:object", "'2026-01-31'"],
    ["infinity", "a\ninf\nInfinity\n-inf\n", "a:float64", "inf inf -inf"],
    ["hex, per cent and thousands stay text", 'a,b,c\n0x10,5%,"1,000"\n', "a:object b:object c:object", "'0x10' '5%' '1,000'"],
    ["quoted numbers are numbers", 'a\n"1"\n', "a:int64", "1"],
    ["blanks stay", "a , b\n x , y \n", "a :object  b:object", "' x ' ' y '"],
    ["repeated names", "a,a,b\n1,2,3\n", "a:int64 a.1:int64 b:int64", "1 2 3"],
    ["an empty name", ",b\n1,2\n", "Unnamed: 0:int64 b:int64", "1 2"],
    ["short rows", "a,b\n1,2\n3\n", "a:int64 b:float64", "1 2.0 3 nan"],
    ["blank lines", "a\n1\n\n\n2\n", "a:int64", "1 2"],
    ["a BOM", "\uFEFFa\n1\n", "a:int64", "1"],
    ["CRLF", "a,b\r\n1,x\r\n", "a:int64 b:object", "1 'x'"],
    ["no line end at the end", "a\n1", "a:int64", "1"],
    ["header only", "a,b\n", "a:object b:object", ""],
    ["a line end within quotes", 'a\n"x\ny"\n', "a:object", "'x\\ny'"],
  ])("%s", async (_, csv, types, values) => {
    expect(await seen(csv)).toMatchObject({ types, values });
  });

  it("a field more than the header makes the first column the index", async () => {
    expect(await seen("a,b\nx,1,2\ny,3,4\n")).toMatchObject({ types: "a:int64 b:int64", index: "['x', 'y']", values: "1 2 3 4" });
  });

  it.each([
    ["nothing", "", "No columns to parse from file"],
    ["an uneven row", "a,b\n1,2\n1,2,3\n", "Error tokenizing data. C error: Expected 2 fields in line 3, saw 3\n"],
    ["an open quote", 'a\n"x\n', "Error tokenizing data. C error: EOF inside string starting at row 1"],
  ])("cannot be read: %s", async (_, csv, message) => {
    expect(await seen(csv)).toMatchObject({ error: { phase: "parse", message } });
  });

  it("any table: equal to what pandas itself reads and writes", async () => {
    const cell = fc.oneof(
      fc.integer().map(String),
      fc.double().map(String),
      fc.constantFrom("", "NA", "True", "false", "007", "1e5", "2026-01-01", "x", "é", " y ", "1,000", 'q"q', "l\nl", "0x1f", "-inf"),
    );
    const quoted = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
    const table = fc
      .integer({ min: 1, max: 4 })
      .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 12 }));
    const texts = fc
      .sample(table, 40)
      .map((rows) => [rows[0]?.map((_, n) => `c${n}`), ...rows].map((row) => row?.map(quoted).join(",")).join("\n"));
    const script =
      "import sys, json, io, pandas as pd; json.dump([pd.read_csv(io.BytesIO(t.encode())).to_csv(index=False) for t in json.load(sys.stdin)], sys.stdout)";
    const expected = JSON.parse(execFileSync(python, ["-c", script], { input: JSON.stringify(texts), encoding: "utf8" }));
    for (const [n, text] of texts.entries()) expect((await probe.call(text)).csv).toBe(expected[n]);
  });
});

describe("rows of known types are read without guessing", () => {
  it.each([
    ["text stays text", "a\n007\n", { a: "object" }, "a:object", "'007'"],
    ["an int that looks like text", "a\n007\n", { a: "int64" }, "a:int64", "7"],
    ["ints as floats", "a\n1\n2\n", { a: "float64" }, "a:float64", "1.0 2.0"],
    ["an empty text", "a,b\n,1\nx,2\n", { a: "object", b: "int64" }, "a:object b:int64", "nan 1 'x' 2"],
    ["an empty int", "a,b\n1,x\n,y\n", { a: "int64", b: "object" }, "a:float64 b:object", "1.0 'x' nan 'y'"],
    ["an empty bool", "a,b\nTrue,x\n,y\n", { a: "bool", b: "object" }, "a:object b:object", "True 'x' nan 'y'"],
    ["bools", "a\ntrue\nFalse\n", { a: "bool" }, "a:bool", "True False"],
    ["one column all empty", "a,b\n,1\n,2\n", { a: "object", b: "int64" }, "a:object b:int64", "nan 1 nan 2"],
    ["a column of unknown type is guessed", "a,b\n007,007\n", { a: "object" }, "a:object b:int64", "'007' 7"],
    ["header only", "a,b\n", { a: "int64", b: "object" }, "a:int64 b:object", ""],
    ["a BOM and CRLF", "\uFEFFa,b\r\n007,1\r\n", { a: "object", b: "int64" }, "a:object b:int64", "'007' 1"],
    ["uint64", "a\n18446744073709551615\n", { a: "uint64" }, "a:uint64", "18446744073709551615"],
    ["quotes and line ends", 'a,b\n"x\ny",1\n', { a: "object", b: "int64" }, "a:object b:int64", "'x\\ny' 1"],
    ["blank lines are skipped", "a,b\n1,x\n\n2,y\n", { a: "int64", b: "object" }, "a:int64 b:object", "1 'x' 2 'y'"],
    ["no line end at the end", "a,b\n1,x", { a: "int64", b: "object" }, "a:int64 b:object", "1 'x'"],
    ["infinity and nan", "a,b\ninf,x\nnan,y\n-inf,z\n", { a: "float64", b: "object" }, "a:float64 b:object", "inf 'x' nan 'y' -inf 'z'"],
    ["a blank before a number", "a\n 1\n", { a: "int64" }, "a:int64", "1"],
  ])("%s", async (_, csv, types, expectedTypes, values) => {
    expect(await seen(csv, { types })).toMatchObject({ types: expectedTypes, values });
  });

  it("dates are parsed", async () => {
    expect((await seen("a\n2026-01-31\n2026-01-31 10:00:00\n", { types: { a: "datetime64[ns]" } })).types).toBe("a:datetime64[ns]");
  });

  it("widening is said in the receipt", async () => {
    expect((await seen("a,b\n1,x\n,y\n", { types: { a: "int64", b: "object" } })).done?.notes).toEqual([
      "Column a has 1 empty values, so it came as float64.",
    ]);
  });

  it.each([
    ["a word among ints", "a,b\n1,2\nx,3\n", "Row 2, column a: 'x' is no int64."],
    ["a float among ints", "a,b\n1.5,2\n", "Row 1, column a: '1.5' is no int64."],
    ["a row too long", "a,b\n1,2\n1,2,3\n", "Row 2 has 3 values, the header has 2 columns."],
  ])("a misfit names row, column and value: %s", async (_, csv, message) => {
    expect(await seen(csv, { types: { a: "int64", b: "int64" } })).toMatchObject({ error: { phase: "parse", message } });
  });
});

describe("types that a fit saw", () => {
  const input = { types: { a: "int64", b: "object" }, fitted: true } as const;

  it("whole numbers may come as decimals, which the receipt counts; text stays text", async () => {
    const { types, values, done } = await seen("a,b\n1.5,007\n2,x\n1e3,y\n", input);
    expect([types, values]).toEqual(["a:float64 b:object", "1.5 '007' 2.0 'x' 1000.0 'y'"]);
    expect(done?.notes).toEqual(["Column a, fitted on whole numbers, has 1 decimal numbers, so it came as float64."]);
  });

  it("the same within many rows, several columns, and with empty values", async () => {
    const rows = Array.from({ length: 5000 }, (_, n) => `${n === 4000 ? "" : n},${n === 4999 ? "inf" : -n},x\n`).join("");
    const { types, done } = await seen(`u,a,b\n${rows}`, { types: { ...input.types, u: "uint64" }, fitted: true });
    expect(types).toBe("u:float64 a:float64 b:object");
    expect(done?.notes).toEqual([
      "Column u has 1 empty values, so it came as float64.",
      "Column a, fitted on whole numbers, has 1 decimal numbers, so it came as float64.",
    ]);
  });

  it("whole numbers stay whole", async () => {
    expect(await seen("a,b\n9007199254740993,x\n", input)).toMatchObject({ types: "a:int64 b:object", values: "9007199254740993 'x'" });
  });

  it("text among numbers is an error that names row and column", async () => {
    const error = { phase: "parse", message: "Row 2, column a: 'x' is no int64.", misfit: "a" };
    expect(await seen("a,b\n1.5,y\nx,y\n", input)).toMatchObject({ error });
  });
});

describe("headers with repeated and empty names", () => {
  const note = (names: string) => [`Names of the header that are repeated or empty came as ${names}.`];

  it.each([
    ["a repeated name", "a,b,a\n007,007,x\n", { a: "object", b: "object" }, "a:object b:object a.1:object", "'007' '007' 'x'", "a.1"],
    ["an empty name", "a,\n007,007\n", { a: "object" }, "a:object Unnamed: 1:int64", "'007' 7", "Unnamed: 1"],
    ["names that a fit saw", "a,a\n007,007\n", { a: "int64", "a.1": "object" }, "a:int64 a.1:object", "7 '007'", "a.1"],
    ["a name that is taken", "a,a,a.1\n1,2,3\n", { a: "float64" }, "a:float64 a.2:int64 a.1:int64", "1.0 2 3", "a.2"],
  ] as const)("keep what is known of the other columns, and are told: %s", async (_, csv, types, seenTypes, values, names) => {
    for (const rowWise of [false, true]) {
      const answer = await seen(csv, { types, rowWise });
      expect(answer).toMatchObject({ types: seenTypes, values });
      expect(answer.done?.notes).toEqual(expect.arrayContaining(note(names)));
    }
  });
});

describe("columns", () => {
  it("fields choose and order them", async () => {
    expect(await seen("a,b,c\n1,2,3\n", { fields: ["c", "a"] })).toMatchObject({ types: "c:int64 a:int64", values: "3 1" });
    expect(await seen("a,b,c\n1,2,3\n", { fields: ["c", "a"], types: { a: "object", b: "object", c: "object" } })).toMatchObject({
      values: "'3' '1'",
    });
  });

  it("a missing field is named, and its nearest", async () => {
    const { error } = await seen("bytes_in,b\n1,2\n", { fields: ["bytes-in"] });
    expect(error).toMatchObject({ phase: "parse", message: "The rows have no column bytes-in. The nearest is bytes_in." });
  });

  it("multivalue columns of Splunk are dropped, unless asked for", async () => {
    expect((await seen("a,__mv_a\n1,\n", { dropMultivalue: true })).types).toBe("a:int64");
    expect((await seen("a,__mv_a\n1,\n", { dropMultivalue: false })).types).toBe("a:int64 __mv_a:float64");
  });
});

/** The contract's section 2, CSV out. */
describe("results become the rows that DSDL writes", () => {
  const makes = (kind: string, asked = {}) => probe.call("a\n1\n", { method: "makes", param: JSON.stringify({ kind }), ...asked });

  it.each([
    ["frame with an index", "x\n1\n"],
    ["series", "0\n1\n2\n"],
    ["1-d array", "0\n1.5\n2.0\n"],
    ["2-d array", "0,1\n1,2\n3,4\n"],
    ["list", "0\na\nb\n"],
    ["list of dicts", "a,b\n1,\n2,3.0\n"],
    ["dict of lists", "a,b\n1,x\n2,\n"],
    ["none", "\n"],
    ["empty frame", "\n"],
    ["no rows", "a,b\n"],
    ["floats", 'f\n0.30000000000000004\n""\n1e+300\ninf\n5.0\n'],
    ["bools", "b\nTrue\nFalse\n"],
    ["dates", "d\n2026-01-31\n"],
    ["texts", 't\n"a,b"\n"q""q"\n"l\nl"\né\n'],
  ])("%s", async (kind, csv) => {
    expect((await makes(kind)).csv).toBe(csv);
  });

  it.each([
    ["scalar", "DataFrame constructor not properly called!"],
    ["text", "DataFrame constructor not properly called!"],
    ["dict of scalars", "If using all scalar values, you must pass an index"],
    ["ragged dict", "All arrays must be of the same length"],
    ["3-d array", "Must pass 2-d input. shape=(2, 2, 2)"],
  ])("no table: %s", async (kind, message) => {
    expect((await makes(kind)).error).toMatchObject({ phase: "result", type: "NoTable", message: expect.stringContaining(message) });
  });
});

describe("Arrow", () => {
  const convert = (code: string, input: Buffer) =>
    execFileSync(python, ["-c", `import sys, io, pandas as pd, pyarrow as pa\n${code}`], { input });

  it("in and out", async () => {
    const table = convert(
      "t = pa.table({'a': [1, 2], 'b': ['007', None]})\nw = pa.ipc.new_stream(sys.stdout.buffer, t.schema); w.write_table(t); w.close()",
      Buffer.alloc(0),
    );
    const { frames, done, error } = await probe.call(table, { input: { format: "arrow" }, output: { format: "arrow" } });
    expect(error).toBeUndefined();
    expect(done?.rows).toEqual({ received: 2, used: 2, returned: 2 });
    const csv = convert(
      "sys.stdout.write(pa.ipc.open_stream(sys.stdin.buffer).read_all().to_pandas().to_csv(index=False))",
      Buffer.concat(frames),
    );
    expect(csv.toString()).toBe("a,b\n1,007\n2,\n");
  });

  it("a result of no columns is a stream that can be read", async () => {
    const { frames } = await probe.call("a\n1\n", { method: "makes", param: '{"kind": "none"}', output: { format: "arrow" } });
    expect(convert("print(pa.ipc.open_stream(sys.stdin.buffer).read_all().num_columns)", Buffer.concat(frames)).toString()).toBe("0\n");
  });
});
