import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LateParam } from "#contract/call.ts";
import { BadCall } from "#contract/errors.ts";
import type { Home, WorkerSpec } from "../../runtimes/runtime.ts";
import { WorkerLink } from "../../server/workers/call.ts";
import type { Answer, Probe } from "./bench.ts";
import { Bench, runtimes } from "./bench.ts";

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
  let temporary: string;
  const start = (name: string) => bench.worker(textOf(name), { name, runtime, extension });

  beforeAll(async () => {
    bench = await Bench.open();
    temporary = mkdtempSync(join(tmpdir(), "conformance-"));
    echo = await start("echo");
    raises = await start("raises");
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
});
