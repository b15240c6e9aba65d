import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Bench, type Probe } from "../bench.ts";

const types = { n: "int64", t: "object" } as const;
const input = { types, rowWise: true };

let bench: Bench;
let probe: Probe;
beforeAll(async () => {
  bench = await Bench.open();
  probe = await bench.worker(readFileSync(join(import.meta.dirname, "modules/blocks.py"), "utf8"), { name: "blocks" });
});
afterAll(() => bench?.[Symbol.asyncDispose]());

/** Rows with quoted line ends, so that most line ends are no record's end. */
function records(count: number, from = 0): string {
  return Array.from({ length: count }, (_, n) => `${from + n},"one\n""two"",${from + n}"\n`).join("");
}

async function* pieces(text: string, bytes: number) {
  const all = Buffer.from(text);
  for (let at = 0; at < all.length; at += bytes) yield all.subarray(at, at + bytes);
}

describe("a row-wise apply", () => {
  it("goes in blocks that are cut at record ends, and gives every row once and in order", async () => {
    const text = `n,t\n${records(250_000)}`;
    const { csv, log, frames, done } = await probe.call(pieces(text, 65_537), { input });
    expect(log.length).toBeGreaterThan(2);
    expect(frames.length).toBe(log.length);
    for (const frame of frames) expect(frame.toString()).toMatch(/^n,t\n\d+,"one\n/);
    expect(done?.rows).toEqual({ received: 250_000, used: 250_000, returned: 250_000 });
    expect(csv === text).toBe(true);
  });

  it.each([
    ["blank lines", "\n".repeat(24 << 20)],
    ["blanks", " ".repeat(24 << 20)],
  ])("finds a header behind many %s", async (_, before) => {
    const { csv } = await probe.call(pieces(`${before}\nn,t\n1,x\n`, 65_536), { input });
    expect(csv).toBe("n,t\n1,x\n");
  });

  it("answers while rows are still sent", async () => {
    const answered = Promise.withResolvers<void>();
    async function* rows() {
      yield Buffer.from(`n,t\n${records(300_000)}`);
      await answered.promise;
      yield Buffer.from(records(10, 300_000));
    }
    const { done } = await probe.call(rows(), { input }, { onTable: () => answered.resolve() });
    expect(done?.rows.returned).toBe(300_010);
  });

  it("puts globals back once a call, not once a block", async () => {
    const text = `n,t\n${records(200_000)}`;
    const [first, second] = [await probe.call(pieces(text, 1 << 20), { input }), await probe.call(pieces(text, 1 << 20), { input })];
    expect(first.log[1]).toMatch(/^block 2 /);
    expect(second.log).toEqual(first.log);
  });

  it("names a block that loses rows", async () => {
    const { error } = await probe.call(`n,t\n${records(5)}`, { input, param: '{"drop_at": 1}' });
    expect(error).toMatchObject({ phase: "result", message: expect.stringContaining("returned 4 rows for a block of 5") });
  });

  it("fails in a later block with the code's line, and serves the next call", async () => {
    const { error, frames } = await probe.call(pieces(`n,t\n${records(250_000)}`, 1 << 20), { input, param: '{"fail_at": 2}' });
    expect(error).toMatchObject({ phase: "apply", type: "ValueError", message: "in a block", file: "app/model/blocks.py", line: 8 });
    expect(frames.length).toBeLessThan(3);
    expect((await probe.call("n,t\n1,x\n", { input })).csv).toBe("n,t\n1,x\n");
  });

  it("tells of a failure at once, though its sender waits for more rows", async () => {
    async function* rows() {
      yield Buffer.from(`n,t\n${records(250_000)}`);
      await new Promise(() => {});
    }
    expect((await probe.call(rows(), { input, param: '{"fail_at": 1}' })).error).toMatchObject({ type: "ValueError" });
    expect((await probe.call("n,t\n1,x\n", { input })).csv).toBe("n,t\n1,x\n");
  });

  it("counts rows over blocks when a value does not fit", async () => {
    const text = `n,t\n${records(200_000)}x,y\n`;
    const { error } = await probe.call(pieces(text, 1 << 20), { input });
    expect(error).toMatchObject({ phase: "parse", message: "Row 200001, column n: 'x' is no int64." });
  });

  it("takes decimals where a fit saw whole numbers, from the block on that has one", async () => {
    const text = `n,t\n${records(200_000)}0.5,"y"\n${records(200_000)}`;
    const { csv, done } = await probe.call(pieces(text, 1 << 20), { input: { ...input, fitted: true } });
    expect(done?.notes).toEqual(["Column n, fitted on whole numbers, has 1 decimal numbers, so it came as float64."]);
    expect(csv.startsWith('n,t\n0,"one\n')).toBe(true);
    expect(csv).toContain("\n0.5,y\n0.0,");
    expect(csv.endsWith('\n199999.0,"one\n""two"",199999"\n')).toBe(true);
  });

  it("goes as one table when the type of a column is not known, and says so", async () => {
    const { csv, done } = await probe.call("n,t,u\n1,x,007\n", { input });
    expect(csv).toBe("n,t,u\n1,x,7\n");
    expect(done?.notes).toEqual(["The types of some columns are not known, so the rows were applied as one table: u"]);
  });

  it.each([
    ["header only", "n,t\n", "n,t\n"],
    ["no line end at the end", "n,t\n1,x", "n,t\n1,x\n"],
    ["a header without line end", "n,t", "n,t\n"],
    ["blank lines before the header", "\n\r\nn,t\n1,x\n", "n,t\n1,x\n"],
    ["CRLF", "n,t\r\n1,x\r\n2,y\r\n", "n,t\n1,x\n2,y\n"],
    ["a BOM", "\uFEFFn,t\n1,x\n", "n,t\n1,x\n"],
    ["an empty int", "n,t\n1,x\n,y\n", "n,t\n1.0,x\n,y\n"],
    ["a quoted name", '"n","t"\n1,x\n', "n,t\n1,x\n"],
    ["a lone quote within a value", 'n,t\n1,5" pipe\n2,x\n', 'n,t\n1,"5"" pipe"\n2,x\n'],
  ])("%s", async (_, text, csv) => {
    expect((await probe.call(pieces(text, 3), { input })).csv).toBe(csv);
  });

  it("counts no quote within a value that is not in quotes, for all that follows", async () => {
    const text = `n,t\n0,5" pipe\n${records(150_000, 1)}`;
    const { csv, log, done } = await probe.call(pieces(text, 65_537), { input });
    expect(log.length).toBeGreaterThan(1);
    expect(done?.rows).toEqual({ received: 150_001, used: 150_001, returned: 150_001 });
    expect(csv === text.replace('5" pipe', '"5"" pipe"')).toBe(true);
  });

  it("a quote that is never closed is an error though another stands within a value", async () => {
    for (const rowWise of [true, false]) {
      const { error } = await probe.call('n,t\n1,5" pipe\n2,"open\n3,x\n', { input: { types, rowWise } });
      expect(error).toMatchObject({ phase: "parse", message: "Row 2: a quote opens that is not closed." });
    }
  });

  it("a quote that is never closed is an error, however much follows", async () => {
    const { error } = await probe.call(pieces(`n,t\n1,"open\n${"2,x\n".repeat(600_000)}`, 1 << 20), { input });
    expect(error).toMatchObject({ phase: "parse", message: "Row 1: a quote opens that is not closed." });
  });

  it("nothing at all is an error of phase parse", async () => {
    expect((await probe.call("", { input })).error).toMatchObject({ phase: "parse", message: "No columns to parse from file" });
  });

  it("any rows, cut anywhere, are the same as in one piece", async () => {
    const value = fc
      .string({ unit: fc.constantFrom("a", '"', ",", "\n", "é", " "), minLength: 1, maxLength: 6 })
      .filter((text) => text.trim() !== "");
    const table = fc.tuple(fc.array(fc.tuple(fc.integer(), value), { maxLength: 8 }), fc.integer({ min: 1, max: 7 }));
    await fc.assert(
      fc.asyncProperty(table, async ([rows, bytes]) => {
        const text = `n,t\n${rows.map(([n, t]) => `${n},"${t.replaceAll('"', '""')}"\n`).join("")}`;
        const [whole, cut] = [await probe.call(text, { input: { types } }), await probe.call(pieces(text, bytes), { input })];
        expect(cut.csv).toBe(whole.csv);
        expect(cut.done?.rows).toEqual({ received: rows.length, used: rows.length, returned: rows.length });
      }),
      { numRuns: 40 },
    );
  });

  it("can be cancelled between blocks", async () => {
    const stopped = new AbortController();
    const reason = new Error("enough");
    async function* rows() {
      yield Buffer.from(`n,t\n${records(250_000)}`);
      await new Promise(() => {});
    }
    await expect(probe.call(rows(), { input }, { signal: stopped.signal, onTable: () => stopped.abort(reason) })).rejects.toBe(reason);
    expect(probe.link.isUsable).toBe(true);
    expect((await probe.call("n,t\n1,x\n", { input })).csv).toBe("n,t\n1,x\n");
  });

  it("answers in Arrow, too", async () => {
    const { done, error } = await probe.call(`n,t\n${records(10)}`, { input, output: { format: "arrow" } });
    expect(error).toBeUndefined();
    expect(done?.rows.returned).toBe(10);
  });
});
