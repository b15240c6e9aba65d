import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Bench, type Probe, python } from "../bench.ts";

let bench: Bench;
let probe: Probe;
const source = [
  "def apply(model, df, param):\n    return df",
  "def sizes(model, df, param):\n    return [{'rows': len(df), 'columns': df.shape[1], 'longest': int(df.iloc[:, -1].astype(str).str.len().max())}]",
].join("\n\n");
beforeAll(async () => {
  bench = await Bench.open();
  probe = await bench.worker(`${source}\n`);
});
afterAll(() => bench?.[Symbol.asyncDispose]());

const types = { a: "int64", b: "object" } as const;
const modes = [
  ["guessed", {}],
  ["typed", { types }],
  ["in blocks", { types, rowWise: true }],
] as const;

/** What pandas itself reads of each, written again; or its error. */
function byPandas(texts: readonly string[]): string[] {
  const script = [
    "import sys, json, io, pandas as pd",
    "def read(text):",
    "    try: return pd.read_csv(io.BytesIO(text.encode())).to_csv(index=False)",
    "    except Exception as e: return str(e)",
    "json.dump([read(text) for text in json.load(sys.stdin)], sys.stdout)",
  ].join("\n");
  return JSON.parse(execFileSync(python, ["-c", script], { input: JSON.stringify(texts), encoding: "utf8" }));
}

async function* pieces(rows: Buffer, bytes: number) {
  for (let at = 0; at < rows.length; at += bytes) yield rows.subarray(at, at + bytes);
}

describe("odd rows are read as pandas reads them, whether types are known or not", () => {
  const odd = [
    ["a BOM, CRLF and quoted names", '\uFEFF"a","b"\r\n1,x\r\n'],
    ["carriage returns alone", "a,b\r1,x\r2,y\r"],
    ["a carriage return after the header, line feeds after rows", "a,b\r1,x\n2,y\n"],
    ["a carriage return at the very end", "a,b\n1,x\n2,y\r"],
    ["line ends of several kinds", "a,b\r\n1,x\n2,y\r\n"],
    ["carriage returns within quotes", 'a,b\r\n1,"x\ry"\r\n2,"x\r\ny"\r\n'],
    ["blank lines with CRLF", "\r\na,b\r\n1,x\r\n\r\n2,y\r\n"],
    ["no line end at the end", "a,b\n1,x"],
    ["a header only", "a,b\n"],
    ["a header only, without line end", "a,b"],
    ["a header only, with CRLF", "a,b\r\n"],
    ["a repeated header", "a,a\n1,x\n"],
    ["a header with spaces", " a ,b \n1,x\n"],
    ["a header with a line end", '"a\nz",b\n1,x\n'],
    ["a NUL in the header", "a\0,b\n1,y\n"],
    ["a BOM behind a blank line, which is none", "\n\uFEFFa,b\n1,x\n"],
    ["a BOM before blank lines", "\uFEFF\r\n\na,b\n1,x\n"],
    ["lines of blanks before the header", "  \n\t\na,b\n1,x\n"],
    ["a quote within a name", 'a,5" b\n1,x\n2,y\n'],
    ["nothing", ""],
    ["a BOM only", "\uFEFF"],
    ["blank lines only", "\n\r\n\n"],
  ] as const;
  let answers: string[];
  beforeAll(() => {
    answers = byPandas(odd.map(([, text]) => text));
  });

  it.each(odd.map(([name, text], at) => [name, text, at] as const))("%s", async (_, text, at) => {
    const rows = Buffer.from(text);
    const expected = answers[at];
    for (const [mode, input] of modes)
      for (const bytes of [1, 1 << 20]) {
        const { csv, error } = await probe.call(pieces(rows, bytes), { input });
        expect([mode, error?.message ?? csv]).toEqual([mode, expected]);
      }
  });
});

describe("what pandas guesses at is a clear error where types are known", () => {
  it.each([
    ["a row too short", "a,b\n1,x\n2\n", "Row 2 has 1 values, the header has 2 columns."],
    ["a line end within a value", "a,b\n1,x\ry\n", "Row 2 has 1 values, the header has 2 columns."],
    ["a row too long", "a,b\n1,x,\n", "Row 1 has 3 values, the header has 2 columns."],
    ["a NUL in a number", "a,b\n1\0,y\n", "Row 1, column a: '1\\x00' is no int64."],
    ["bytes that are no UTF-8", Buffer.from("a,b\n1,\xe9\n", "latin1"), "Row 1, column b: the text is no UTF-8. Send the rows as UTF-8."],
  ])("%s", async (_, rows, message) => {
    for (const [, input] of modes.slice(1)) {
      expect((await probe.call(rows, { input })).error).toMatchObject({ phase: "parse", message });
    }
    expect((await probe.call("a,b\n1,x\n", { input: { types } })).csv).toBe("a,b\n1,x\n");
  });

  it("bytes that are no UTF-8 are pandas' error where they are not", async () => {
    const { error } = await probe.call(Buffer.from("a,b\n1,\xe9\n", "latin1"));
    expect(error).toMatchObject({ phase: "parse", message: expect.stringContaining("'utf-8' codec can't decode byte 0xe9") });
  });

  it("a mark of UTF-8 that a row begins with stays, at the beginning of a block, too", async () => {
    const text = `t\n${"\uFEFFx\n".repeat(600_000)}`;
    for (const rowWise of [true, false]) {
      const { csv } = await probe.call(pieces(Buffer.from(text), 65_536), { input: { types: { t: "object" }, rowWise } });
      expect(csv === text).toBe(true);
    }
    expect((await probe.call("t\n\uFEFFx\n", { input: { types: { t: "object" } }, output: { append: true } })).csv).toBe("t\n\uFEFFx\n");
  });

  it("a NUL ends a text where types are guessed, as for pandas; where they are known it stays", async () => {
    expect((await probe.call("a,b\n1,x\0y\n")).csv).toBe("a,b\n1,x\n");
    expect((await probe.call("a,b\n1,x\0y\n", { input: { types } })).csv).toBe("a,b\n1,x\0y\n");
  });
});

describe("large shapes", () => {
  const names = Array.from({ length: 10_000 }, (_, n) => `c${n}`);
  const wide = Buffer.from(
    [names, ...Array.from({ length: 20 }, () => names.map((_, n) => n))].map((row) => `${row.join(",")}\n`).join(""),
  );
  it.each([
    ["guessed", {}],
    ["typed", { types: Object.fromEntries(names.map((name) => [name, "int64" as const])) }],
    ["in blocks", { types: Object.fromEntries(names.map((name) => [name, "int64" as const])), rowWise: true }],
  ])("10,000 columns: %s", async (_, input) => {
    const { csv, error } = await probe.call(pieces(wide, 65_536), { input });
    expect(error).toBeUndefined();
    expect(csv === wide.toString()).toBe(true);
  });

  it("2,000 columns of decimals where a fit saw whole numbers", async () => {
    const some = names.slice(0, 2000);
    const input = { types: Object.fromEntries(some.map((name) => [name, "int64" as const])), fitted: true };
    const values = some.map((_, n) => (n === 0 ? "9007199254740993" : n % 2 ? "0.5" : "2.0"));
    const rows = Buffer.from(`${some.join(",")}\n${some.map((_, n) => n).join(",")}\n${values.join(",")}\n`);
    const { csv, error, done } = await probe.call(pieces(rows, 65_536), { input });
    expect(error).toBeUndefined();
    expect(done?.notes[0]).toBe("Column c1, fitted on whole numbers, has 1 decimal numbers, so it came as float64.");
    // A receipt is a header, and no client takes one of any length.
    expect(done?.notes.at(-1)).toMatch(/^9\d\d more notes are left out\.$/);
    expect(done?.notes.join("").length).toBeLessThan(8100);
    expect(csv.trimEnd().split("\n").at(-1)?.startsWith("9007199254740993,0.5,2,0.5,2,")).toBe(true);
  });

  it("20,000 columns of one name, of which the receipt lists some", async () => {
    const rows = `${Array(20_000).fill("a").join(",")}\n${Array(20_000).fill("1").join(",")}\n`;
    const { csv, done } = await probe.call(rows, { input: { untyped: "text", rowWise: true } });
    expect(csv.startsWith("a,a.1,a.2,a.3,")).toBe(true);
    expect(csv.split("\n")[0]?.endsWith(",a.19999")).toBe(true);
    expect(done?.notes.every((note) => note.length < 2100)).toBe(true);
  });

  it.each([
    ["plain", "x".repeat(50e6), 50e6],
    ["with line ends", `"${"line\n".repeat(10e6)}"`, 50e6],
    ["with quotes and line ends", `"${'""\n'.repeat(16e6)}"`, 32e6],
  ])("a value of 50 MB: %s", async (_, value, longest) => {
    const rows = Buffer.from(`a,b\n1,${value}\n2,y\n`);
    for (const [, input] of modes.slice(0, 2)) {
      expect((await probe.call(pieces(rows, 65_536), { method: "sizes", input })).csv).toBe(`rows,columns,longest\n2,2,${longest}\n`);
    }
    const { csv, done, error } = await probe.call(pieces(rows, 65_536), { input: { types, rowWise: true } });
    expect(error).toBeUndefined();
    expect(done?.rows).toEqual({ received: 2, used: 2, returned: 2 });
    expect(csv === rows.toString()).toBe(true);
  });
});
