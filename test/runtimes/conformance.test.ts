import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LateParam } from "#contract/call.ts";
import { BadCall } from "#contract/errors.ts";
import type { Home, WorkerSpec } from "../../runtimes/runtime.ts";
import { WorkerLink } from "../../server/workers/call.ts";
import type { Answer, Asked, Probe } from "./bench.ts";
import { Bench, runtimes } from "./bench.ts";
import { inSegments } from "./segments.ts";
import { table } from "./table.ts";

/** A runtime is done when it passes. Its modules of these names, in its own language, lie in `<runtime>/modules/`. */
describe.each(runtimes)("the runtime $name", (runtime) => {
  const modules = join(import.meta.dirname, runtime.name, "modules");
  const files = readdirSync(modules);
  const fileOf = (name: string) => files.find((file) => file.startsWith(`${name}.`)) as string;
  const textOf = (name: string) => readFileSync(join(modules, fileOf(name)), "utf8");
  const lineOf = (name: string, mark: string) =>
    textOf(name)
      .split("\n")
      .findIndex((line) => line.endsWith(mark)) + 1;
  const extension = fileOf("echo").slice("echo".length);

  let bench: Bench;
  let echo: Probe;
  let raises: Probe;
  let append: Probe;
  let temporary: string;
  const start = (name: string) => bench.worker(textOf(name), { name, runtime, extension });

  beforeAll(async () => {
    bench = await Bench.open();
    temporary = mkdtempSync(join(tmpdir(), "conformance-"));
    echo = await start("echo");
    raises = await start("raises");
    append = await start("append");
  });
  afterAll(async () => {
    await bench?.[Symbol.asyncDispose]();
    rmSync(temporary, { recursive: true, force: true });
  });

  const serves = async (probe: Probe) => expect((await probe.call("a,b\n1,2\n")).csv).toBe("a,b\n1,2\n");

  it("says what it found", async () => {
    const order = await start("order");
    expect(order.ready.entryPoints).toEqual(["init", "fit", "apply", "save", "load", "summary"]);
    expect(order.ready.uncallable).toEqual({});
  });

  it("answers an apply with rows, counts and what it took", async () => {
    const { csv, done } = await echo.call("a,b\n1,x\n2,y\n");
    expect(csv).toBe("a,b\n1,x\n2,y\n");
    expect(done?.rows).toEqual({ received: 2, used: 2, returned: 2 });
    expect(done?.seconds.computing).toBeGreaterThanOrEqual(0);
  });

  it("fits in the old order, with one table and one param throughout", async () => {
    const order = await start("order");
    const { log, csv, done } = await order.call("a\n1\n2\n", { method: "fit", strict: true, param: '{"k": 3}' });
    expect(log).toEqual(["summary none", "init 2 3", "summary 2", "fit True True", "save probe_default", "apply 2 ['a', 'added'] 4"]);
    expect(csv).toBe("a,added\n1,1\n2,1\n");
    expect(done?.signature).toEqual([{ name: "a", type: "int64" }]);
  });

  it("applies in the old order, loading each time unless the model has a key", async () => {
    const order = await start("order");
    const asked = { strict: true, param: '{"k": 1}' };
    const steps = ["load probe_default", "summary 7", "apply 7 ['a'] 1"];
    expect((await order.call("a\n1\n", asked)).log).toEqual(steps);
    expect((await order.call("a\n1\n", asked)).log).toEqual(steps);
    const model = { name: "probe_default", key: "probe/default@1", folder: bench.home.data, shared: bench.home.data };
    expect((await order.call("a\n1\n", { ...asked, model })).done?.modelWasLoaded).toBe(false);
    const kept = await order.call("a\n1\n", { ...asked, model });
    expect(kept.done?.modelWasLoaded).toBe(true);
    expect(kept.log).toEqual(steps.slice(1));
  });

  it("loads a model for calls to come, once, and nothing else", async () => {
    const order = await start("order");
    const model = { name: "probe_default", key: "probe/default@1", folder: bench.home.data, shared: bench.home.data };
    const loaded = await order.call("", { method: "load", model });
    expect([loaded.log, loaded.csv, loaded.done?.rows.returned]).toEqual([["load probe_default"], "", 0]);
    expect((await order.call("", { method: "load", model })).log).toEqual([]);
    expect((await order.call("a\n1\n", { strict: true, param: '{"k": 1}', model })).log).not.toContain("load probe_default");
    expect((await order.call("", { method: "load" })).log).toEqual([]); // no key: it would not be kept
  });

  it("answers summary with one row and no rows read", async () => {
    const { csv } = await (await start("order")).call("", { method: "summary" });
    expect(csv).toBe('summary\n"{""version"": ""1"", ""rows"": 7}"\n');
  });

  it.each([
    '{"one": 1}',
    '{"s": "\\"x\\"", "i": 3, "f": 0.1, "t": true, "n": null, "l": [1, "a", []], "o": {"k": {}}}',
    '{"big": 9007199254740993}',
    '{"unicode": "\\u00e9\\u4e2d"}',
  ])("gives param as it was sent: %s", async (param) => {
    const { csv } = await echo.call("a\n1\n", { method: "told", param });
    expect(csv).toBe(`param\n"${param.replaceAll('"', '""')}"\n`);
  });

  it("tells what is printed while the code still runs", async () => {
    const file = join(temporary, "go");
    const { log } = await echo.call(
      "a\n1\n",
      { method: "waits", param: JSON.stringify({ file }) },
      { onEvent: () => writeFileSync(file, "") },
    );
    expect(log).toEqual(["waiting"]);
    expect(existsSync(file)).toBe(true);
  });

  it.each([
    ["error", { type: "KeyError", message: "'k'", mark: "# HERE" }],
    ["library", { type: "KeyError", message: "'absent'", mark: "# LIBRARY" }],
  ])("names file and line of a failure of the code: %s", async (kind, { type, message, mark }) => {
    const { error } = await raises.call("a\n1\n", { param: JSON.stringify({ kind }) });
    expect(error).toMatchObject({ phase: "apply", type, message, file: `app/model/${fileOf("raises")}`, line: lineOf("raises", mark) });
    expect(error?.traceback).toContain("deeper");
    expect(error?.traceback).not.toContain("runtimes/");
  });

  it.each([
    ["exit", "apply", "SystemExit"],
    ["interrupt", "apply", "KeyboardInterrupt"],
    ["memory", "apply", "MemoryError"],
    ["recursion", "apply", "RecursionError"],
    ["no table", "result", "NoTable"],
  ])("survives %s", async (kind, phase, type) => {
    const { error } = await raises.call("a\n1\n", { param: JSON.stringify({ kind }) });
    expect(error).toMatchObject({ phase, type });
    expect((await raises.call("a\n1\n", { param: '{"kind": "none"}' })).csv).toBe("a\n1\n");
  });

  it.each([
    ["die", "exited with code 3"],
    ["segfault", "SIGABRT"],
  ])("a process that ends is lost, and said how: %s", async (kind, how) => {
    const probe = await start("raises");
    await expect(probe.call("a\n1\n", { param: JSON.stringify({ kind }) })).rejects.toThrow(how);
  });

  it("an endless loop is interrupted, and the next call is served by the same process", async () => {
    const stopped = new AbortController();
    const reason = new Error("enough");
    const call = echo.call("a\n1\n", { method: "endless" }, { signal: stopped.signal, onEvent: () => stopped.abort(reason) });
    await expect(call).rejects.toBe(reason);
    expect(echo.link.isUsable).toBe(true);
    await serves(echo);
  });

  it("a sender that gives up while it sends leaves the stream in step", async () => {
    const stopped = new AbortController();
    const reason = new Error("gone");
    async function* rows() {
      yield Buffer.from("a,b\n1,");
      stopped.abort(reason);
      await new Promise(() => {});
    }
    await expect(echo.call(rows(), {}, { signal: stopped.signal })).rejects.toBe(reason);
    expect(echo.link.isUsable).toBe(true);
    await serves(echo);
  });

  it("an interrupt between two calls means nothing", async () => {
    echo.worker.interrupt();
    await serves(echo);
    await serves(echo);
  });

  it("leaves when its connection closes, though the code loops", async () => {
    const probe = await start("echo");
    const call = probe.call("a\n1\n", { method: "endless" }, { onEvent: () => probe.worker.stream.destroy() });
    await expect(call).rejects.toThrow();
    await probe.worker.ended;
    expect(() => process.kill(probe.worker.pid, 0)).toThrow("ESRCH");
  });

  it.runIf(runtime.plainWorker)("starts without a warm process, too", async () => {
    const { label, command, env, folder } = (runtime.plainWorker as (home: Home) => WorkerSpec)(bench.home);
    const worker = await bench.start({ label, command, env, folder });
    const { entryPoints } = await new WorkerLink(worker).ready;
    expect(entryPoints).toEqual(["stage", "parse"]);
    await worker.kill();
  });

  it("rows may be cut anywhere", async () => {
    const text = Buffer.from('a,b\n1,"é, ""q""\nnext"\n2,ü\n');
    async function* bytes() {
      for (const byte of text) yield Buffer.from([byte]);
    }
    expect((await echo.call(bytes())).csv).toBe(text.toString());
  });

  it("takes the param after the rows where the call says so, and begins no code before", async () => {
    const order = await start("order");
    async function* rows() {
      yield Buffer.from("a\n1\n");
      yield Buffer.from("2\n");
      yield new LateParam('{"k": 3.0}');
    }
    const { log, done } = await order.call(rows(), { method: "fit", strict: true, param: null });
    expect(log.slice(0, 2)).toEqual(["summary none", "init 2 3.0"]);
    expect(done?.rows.received).toBe(2);

    async function* never() {
      yield Buffer.from("a\n1\n");
      throw new BadCall("no", "param");
    }
    const refused = order.call(never(), { method: "fit", strict: true, param: null });
    await expect(refused).rejects.toMatchObject({ message: "no" });
    expect((await order.call("a\n1\n", { method: "fit", strict: true, param: '{"k": 4}' })).log).toContain("init 1 4");
  });

  it("stays in step after rows that cannot be read", async () => {
    async function* rows() {
      yield Buffer.from("a,b\n1,2,3\n");
      for (let n = 0; n < 50; n++) yield Buffer.from("1,2\n1,2,3\n".repeat(5000));
    }
    expect((await echo.call(rows(), { input: { types: { a: "int64", b: "int64" }, rowWise: true } })).error?.phase).toBe("parse");
    await serves(echo);
  });

  it("code that cannot be imported is an error of phase import with its line", async () => {
    const failed = await bench
      .worker("x = 1\nraise ValueError('no')\n", { runtime, extension })
      .catch((error: { error: unknown }) => error);
    expect((failed as unknown as Answer).error).toMatchObject({
      phase: "import",
      type: "ValueError",
      message: "no",
      file: `app/model/probe${extension}`,
      line: 2,
    });
  });

  it("a large result comes in frames of whole records, each with the header", async () => {
    const rows = Array.from({ length: 150_000 }, (_, n) => `${n},"x\ny${n}"`).join("\n");
    const { frames, csv } = await echo.call(`a,b\n${rows}\n`);
    expect(frames.length).toBeGreaterThan(1);
    for (const frame of frames) expect(frame.toString()).toMatch(/^a,b\n\d+,"[^"]*"\n(\d+,"[^"]*"\n)*$/);
    expect(csv.length).toBe(`a,b\n${rows}\n`.length);
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
