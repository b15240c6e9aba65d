import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Asked, Bench, type Probe, runtimes } from "./bench.ts";
import { inSegments } from "./segments.ts";
import { table } from "./table.ts";

/** What a runtime does with tables: rows that come back beside results, segments, columns that nobody typed. */
describe.each(runtimes)("tables in the runtime $name", (runtime) => {
  let bench: Bench;
  let append: Probe;
  let temporary: string;

  beforeAll(async () => {
    bench = await Bench.open();
    temporary = mkdtempSync(join(tmpdir(), "conformance-"));
    const modules = join(import.meta.dirname, runtime.name, "modules");
    const file = readdirSync(modules).find((each) => each.startsWith("append.")) as string;
    const extension = file.slice("append".length);
    append = await bench.worker(readFileSync(join(modules, file), "utf8"), { name: "append", runtime, extension });
  });
  afterAll(async () => {
    await bench?.[Symbol.asyncDispose]();
    rmSync(temporary, { recursive: true, force: true });
  });

  it.each([
    [
      "every value as it came",
      'n,t\n007,1.50\n,"a ""q"", b"\n1e5,NA\n',
      {},
      'n,t,score\n007,"1.50",0.0\n,"a ""q"", b",0.5\n1e5,"NA",1.0\n',
    ],
    ["fields limits what the code gets", "a,b\n1,2\n", { method: "told", input: { fields: ["b"] } }, "a,b,told\n1,2,b\n"],
    ["__mv_ columns last", "a,__mv_a,b,__mv_b\n1,$1$,2,\n", { method: "told" }, "a,b,told,__mv_a,__mv_b\n1,2,a b,$1$,\n"],
    [
      "a column of the same name takes the place",
      "a,b,__mv_a,__mv_b\n1,2,$1$,$2$\n",
      { method: "replaces", param: '{"columns": ["a"]}' },
      "a,b,made,__mv_b\nnew a,2,True,$2$\n",
    ],
    ["no column at all", "a,b\n007,2\n", { method: "nothing" }, "a,b\n007,2\n"],
    ["no rows", "a,b\n", {}, "a,b,score\n"],
    ["a fit", "a,b\n007,2\n", { method: "fit" }, "a,b,score\n007,2,0.0\n"],
  ] as const)("append: %s", async (_, rows, asked, expected) => {
    const { csv, done } = await append.call(rows, { ...asked, output: { append: true } } as Asked);
    expect(table(csv)).toEqual(table(expected));
    expect(done?.rows.returned).toBe(rows.split("\n").length - 2);
  });

  it("append: says how many rows came and how many were returned", async () => {
    const { error } = await append.call("a\n1\n2\n3\n", { method: "fewer", output: { append: true } });
    expect(error).toMatchObject({
      phase: "result",
      type: "UnequalRows",
      message: expect.stringMatching(/^3 rows came and 2 were returned/),
    });
  });

  it("append: takes no notice in a summary", async () => {
    expect((await append.call("", { method: "summary", output: { append: true } })).csv).toBe("summary\nsum\n");
  });

  it("append: block by block, many rows", async () => {
    const rows = Array.from({ length: 200_000 }, (_, n) => `${n},"0${n}, ""x""\ny"\n`).join("");
    const asked = { input: { types: { n: "int64", t: "object" }, rowWise: true }, output: { append: true } } as const;
    const { csv, frames, done } = await append.call(inSegments([`n,t\n${rows}`], 65_537), {
      ...asked,
      method: "replaces",
      param: '{"columns": []}',
    });
    expect(frames.length).toBeGreaterThan(1);
    for (const frame of frames) expect(frame.toString("latin1", 0, 9)).toBe("n,t,made\n");
    expect(csv.length).toBe(rows.length + 200_000 * ",True".length + "n,t,made\n".length);
    expect(done?.rows).toEqual({ received: 200_000, used: 200_000, returned: 200_000 });
  });

  it.each([
    ["other columns", ["a,b\n1,x\n", "b,c\ny,007\n"], {}, "a,b,c\n1.0,x,\n,y,7.0\n"],
    ["other order", ["a,b\n1,x\n", "b,a\ny,2\n"], {}, "a,b\n1,x\n2,y\n"],
    ["the type is that of the whole column", ["a\n1\n", "a\nx\n", "b,a\n1,2\n"], {}, "a,b\n1,\nx,\n2,1.0\n"],
    ["known types", ["a,b\n007,x\n", "b\ny\n"], { input: { types: { a: "object", b: "object" } } }, "a,b\n007,x\n,y\n"],
    ["segments of nothing", ["", "a\n1\n", "\n", "a\n2\n", ""], {}, "a\n1\n2\n"],
    ["headers alone", ["a\n", "b\n"], {}, "a,b\n"],
    ["no line end at the end", ["a,b\n1,x", "b\ny", "a,b\n3,z"], {}, "a,b\n1.0,x\n,y\n3.0,z\n"],
    ["fields", ["a,b\n1,x\n", "b,c\ny,3\n"], { input: { fields: ["c", "b"] } }, "c,b\n,x\n3.0,y\n"],
    ["append", ["a,b\n007,x\n", "b,c\ny,1.50\n"], { output: { append: true }, method: "nothing" }, "a,b,c\n007,x,\n,y,1.50\n"],
    [
      "row-wise",
      ["a,b\n007,x\n", "b\ny\n", "c,b\n1,z\n"],
      { input: { types: { a: "object", b: "object" }, rowWise: true } },
      ["a,b\n007,x\n", "a,b\n,y\n", "a,b,c\n,z,1\n"],
    ],
    [
      "row-wise with append",
      ["a,b\n007,x\n", "b\ny\n"],
      { input: { types: { a: "object", b: "object" }, rowWise: true }, output: { append: true }, method: "nothing" },
      ["a,b\n007,x\n", "a,b\n,y\n"],
    ],
  ] as const)("segments: %s", async (_, segments, asked, expected) => {
    for (const bytes of [1, 1 << 20]) {
      const { frames, error } = await append.call(inSegments(segments, bytes), { method: "echo", ...asked } as Asked);
      expect(error).toBeUndefined();
      expect(frames.map((frame) => table(frame.toString()))).toEqual([expected].flat().map(table));
    }
  });

  it("segments: a quote that is never closed is an error that names the segment", async () => {
    const { error } = await append.call(inSegments(["a\n1\n", 'a\n2\n"x\n', "a\n3\n"]));
    expect(error).toMatchObject({ phase: "parse", message: "Row 2 of segment 2: a quote opens that is not closed." });
    expect((await append.call("a\n1\n")).csv).toBe("score\n0.0\n");
  });

  it.runIf(runtime.plainWorker)("segments: those of a file begin where the call says", async () => {
    const file = join(temporary, "segments.csv");
    writeFileSync(file, "a,b\n1,x\nb,c\ny,2\n");
    const plain = await bench.plain(runtime);
    const { done } = await plain.call("", { method: "parse", model: null, input: { file, segments: [8] } });
    expect(done).toMatchObject({ rows: { received: 2 }, signature: [{ name: "a" }, { name: "b" }, { name: "c" }] });
  });

  it("columns of unknown type come as text where the call says so, with a note", async () => {
    const input = { types: { a: "int64" }, untyped: "text" } as const;
    for (const rowWise of [false, true]) {
      const { csv, done } = await append.call("a,b,c\n007,007,1.50\n", { method: "echo", input: { ...input, rowWise } });
      expect(csv).toBe("a,b,c\n7,007,1.50\n");
      expect(done?.notes).toEqual([expect.stringMatching(/came as text: b, c$/)]);
    }
    expect((await append.call("a\n007\n", { method: "echo", input: { untyped: "text" } })).csv).toBe("a\n007\n");
  });

  it.each([
    ["apply", {}, "a b"],
    ["fields", { input: { fields: ["b", "__mv_b"] } }, "b"],
    ["known types", { input: { types: { a: "int64", b: "object" } } }, "a b"],
    ["row-wise", { input: { types: { a: "int64", b: "object" }, rowWise: true } }, "a b"],
  ] as const)("multivalue columns are left out, one without a base, too: %s", async (_, asked, columns) => {
    const { csv } = await append.call("a,__mv_a,b,__mv_b,__mv_c\n1,,x,$x$;$y$,$z$\n", { method: "told", ...asked } as Asked);
    expect(csv).toBe(`told\n${columns}\n`);
  });

  it("multivalue columns are left out of a fit and its signature", async () => {
    const { log, done } = await append.call("a,__mv_a\n1,\n", { method: "fit" });
    expect(log).toEqual(["fit 1 a"]);
    expect(done?.signature).toEqual([{ name: "a", type: "int64" }]);
  });
});
