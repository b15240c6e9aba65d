import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeFrame, FrameKind } from "#contract/frames.ts";
import type { Manifest } from "#contract/manifest.ts";
import type { WorkerCall, WorkerEvent } from "#contract/worker.ts";
import { allRuntimes } from "../../runtimes/index.ts";
import { localEnvironment } from "../../server/environments/local/environment.ts";
import { WorkerFailed, WorkerLink } from "../../server/workers/call.ts";

// One suite for every runtime: a runtime is done when this passes, not when it compiles.
// Each has the same two modules in test/runtimes/<name>/: works and broken.
const python = process.env.BRIDGE_PYTHON ?? join(import.meta.dirname, "../../.python/models/bin/python");
const quiet = { info() {}, warn() {}, error() {} };

describe.each(allRuntimes({ python, env: process.env }))("runtime $name", (runtime) => {
  let root: string;
  let link: WorkerLink;
  const environment = localEnvironment({ log: quiet });
  const manifest = (name: string) => ({ name, version: "0".repeat(16) }) as Manifest;
  const home = () => ({ root, model: join(root, "app/model"), data: join(root, "app/model/data"), notebooks: join(root, "notebooks") });
  const start = async (name: string) =>
    new WorkerLink(await environment.start(runtime.workerFor(manifest(name), join(root, "version"), home())));

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "runtime-"));
    for (const folder of ["version/app/model", "app/model/data", "fit"]) await mkdir(join(root, folder), { recursive: true });
    for (const name of ["works.py", "broken.py"])
      await copyFile(join(import.meta.dirname, runtime.name, name), join(root, "version/app/model", name));
    await writeFile(join(root, "app/model/data/shared.txt"), "all's ");
    link = await start("works");
    await link.ready;
  });
  afterAll(async () => {
    await environment[Symbol.asyncDispose]();
    await rm(root, { recursive: true, force: true });
  });

  const callOf = (method: string, more: Partial<WorkerCall> = {}): WorkerCall => ({
    run: "run-0000",
    method,
    strict: false,
    param: '{"who":"me"}',
    model: { name: "works_default", key: null, folder: join(root, "fit"), shared: home().data },
    input: { format: "csv", fields: null, types: null, rowWise: false, dropMultivalue: false, file: null },
    output: { format: "csv" },
    stage: null,
    ...more,
  });

  async function call(
    method: string,
    rows: Buffer | AsyncIterable<Buffer> = Buffer.from("a\n1\n2\n"),
    more: Partial<WorkerCall> = {},
    signal = new AbortController().signal,
  ) {
    const events: WorkerEvent[] = [];
    const table: Buffer[] = [];
    const done = await link.call(
      callOf(method, more),
      rows,
      { event: (event) => void events.push(event), table: (bytes) => void table.push(Buffer.from(bytes)) },
      signal,
    );
    return { done, events, frames: table.map(String), text: Buffer.concat(table).toString() };
  }
  const failure = async (method: string, rows?: Buffer, more?: Partial<WorkerCall>) => {
    const error = await call(method, rows, more).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    return error instanceof WorkerFailed ? error.error : error;
  };

  it("says what it found when it is ready", async () => {
    expect(await link.ready).toMatchObject({
      uncallable: {},
      entryPoints: expect.arrayContaining(["init", "fit", "apply", "save", "load", "summary", "echo"]),
    });
  });

  it("says why code cannot be imported, and where", async () => {
    const broken = await start("broken");
    await expect(broken.ready).rejects.toMatchObject({
      error: { phase: "import", type: "KeyError", file: "app/model/broken.py", line: 5 },
    });
  });

  it("fits in order, with one df and one param, and applies what was saved", async () => {
    const fitted = await call("fit");
    expect(fitted.text).toContain("made at the top init fit save apply");
    expect(fitted.done).toMatchObject({ rows: { received: 2, used: 2, returned: 1 }, signature: [{ name: "a", type: "int64" }] });
    expect(JSON.parse(await readFile(join(root, "fit/works_default.json"), "utf8"))).toEqual({
      rows: 2,
      who: "me",
      seen: [true, ["a", "added"]],
    });
    const applied = await call("apply");
    expect(applied.text).toContain("made at the top load apply");
    expect(applied.text).toContain('{""who"": ""me""}');
  });

  it("keeps a model by its key, and only then", async () => {
    const keyed = { model: { name: "works_default", key: "works/default@1", folder: join(root, "fit"), shared: home().data } };
    expect((await call("apply", undefined, keyed)).done.modelWasLoaded).toBe(false);
    expect((await call("apply", undefined, keyed)).done.modelWasLoaded).toBe(true);
    expect((await call("apply")).done.modelWasLoaded).toBe(false);
  });

  it("tells a summary as JSON text and as a row", async () => {
    const { done, text } = await call("summary");
    expect(done.summary).toBe('{"version": 1, "half": 0.5, "nothing": null}');
    expect(text.startsWith("summary\n")).toBe(true);
  });

  it("tells what is printed, by the code and by programs that it starts, before done", async () => {
    const { events } = await call("shout");
    expect(events.map((each) => each.event === "log" && each.text)).toEqual(
      expect.arrayContaining(["printed", "to stderr without end", "from a program"]),
    );
  });

  it("puts globals back for each call", async () => {
    for (let i = 0; i < 3; i++) expect((await call("change")).text).toBe("kept,names\n2,3\n");
  });

  it("names phase, type, text and line of what raised, and serves on", async () => {
    expect(await failure("fail")).toMatchObject({
      phase: "apply",
      type: "KeyError",
      message: "'the key'",
      file: "app/model/works.py",
      line: 66,
    });
    expect(await failure("leave")).toMatchObject({ type: "SystemExit", message: "4" });
    expect(await failure("scalar")).toMatchObject({ phase: "result" });
    expect(await failure("apply", Buffer.from("a\n1,2,3\n4\n5,6,7,8\n"))).toMatchObject({ phase: "parse" });
    expect((await call("echo")).text).toBe("a\n1\n2\n");
  });

  it("answers nothing as an empty table", async () => {
    expect((await call("none")).text).toBe("\n");
  });

  it("parses by types, selects and orders columns, and notes gaps", async () => {
    const input = { ...callOf("echo").input, types: { a: "object", b: "int64", c: "bool" } as const };
    const rows = Buffer.from("b,a,c,__mv_a\n1,007,True,\n,8,,\n");
    const { text, done } = await call("echo", rows, { input: { ...input, dropMultivalue: true } });
    expect(text).toBe("b,a,c\n1.0,007,True\n,8,\n");
    expect(done.notes).toHaveLength(2);
    expect((await call("echo", rows, { input: { ...input, fields: ["a", "b"] } })).text).toBe("a,b\n007,1.0\n8,\n");
  });

  it("applies blocks row-wise, each answered frame with its header", async () => {
    const rows = 300_000;
    async function* chunks() {
      yield Buffer.from("n,te");
      yield Buffer.from('xt\n0,"a\nb"\n');
      for (let i = 1; i < rows; i += 1000)
        yield Buffer.from(Array.from({ length: Math.min(1000, rows - i) }, (_, k) => `${i + k},x\n`).join(""));
    }
    const input = { ...callOf("apply").input, types: { n: "int64", text: "object" } as const, rowWise: true };
    const { frames, done } = await call("echo", chunks(), { input });
    expect(done.rows).toEqual({ received: rows, used: rows, returned: rows });
    expect(frames.length).toBeGreaterThan(1);
    for (const frame of frames) expect(frame.startsWith("n,text\n") && frame.endsWith("\n")).toBe(true);
    expect(frames[0]?.slice(0, 19)).toBe('n,text\n0,"a\nb"\n1,x\n');
  });

  it("never writes through to a shared file", async () => {
    expect((await call("append_shared")).text).toBe("text\nall's mine\n");
    expect(await readFile(join(home().data, "shared.txt"), "utf8")).toBe("all's ");
    expect(await readFile(join(root, "fit/shared.txt"), "utf8")).toBe("all's mine");
  });

  it("stops code that is interrupted, and serves on", async () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error("enough")), 300);
    await expect(call("spin", undefined, {}, stop.signal)).rejects.toThrow("enough");
    expect(link.isUsable).toBe(true);
    expect((await call("echo")).text).toBe("a\n1\n2\n");
  });

  it("stops when the sender gives up, and stays in step", async () => {
    const stop = new AbortController();
    async function* endless() {
      yield Buffer.from("a\n");
      setTimeout(() => stop.abort(new Error("gave up")), 100);
      for (;;) {
        yield Buffer.from("1\n");
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
    await expect(call("echo", endless(), {}, stop.signal)).rejects.toThrow("gave up");
    if (!link.isUsable) {
      link = await start("works");
      await link.ready;
    }
    expect((await call("echo")).text).toBe("a\n1\n2\n");
  });

  it("is replaced when it dies, and its end is told", async () => {
    await expect(call("crash")).rejects.toMatchObject({ code: "WORKER_LOST", message: expect.stringContaining("code 9") });
    link = await start("works");
    expect((await call("echo")).text).toBe("a\n1\n2\n");
  });
});

describe("PROTOCOL.md", () => {
  it("shows frames as they are", async () => {
    const page = await readFile(join(import.meta.dirname, "../../runtimes/PROTOCOL.md"), "utf8");
    const shown = /```frames\n(.*?)```/s.exec(page)?.[1] ?? "";
    const hex = (bytes: Buffer) => bytes.toString("hex").replace(/..(?!$)/g, "$& ");
    expect(shown).toContain(`E         ${hex(encodeFrame(FrameKind.end))}\n`);
    expect(shown).toContain(`T "a\\n1"  ${hex(encodeFrame(FrameKind.table, "a\n1"))}\n`);
  });
});
