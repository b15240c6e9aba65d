import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { splitCommand } from "./arguments.ts";
import { recordsOf } from "./csv.ts";
import { python } from "./pythons.ts";
import { playSplunkd, type Splunkd } from "./splunkd.ts";

// The player against a small command that keeps the protocol, or breaks it as it is told.
let splunkd: Splunkd;
const rows = [
  { a: "1", b: "x y" },
  { a: "2", b: "" },
];

beforeAll(async () => {
  splunkd = await playSplunkd({
    python,
    bridge: { address: "http://127.0.0.1:1", token: "kept-token" },
    users: { alice: ["bridge_engineer"], bob: ["bridge_user"], carol: [] },
    source: join(import.meta.dirname, "small-app"),
  });
});
afterAll(() => splunkd[Symbol.asyncDispose]());

describe("a command that keeps the protocol", () => {
  it("gets its chunks, a last one of the header alone, and gives its rows", async () => {
    const result = await splunkd.search({ command: "compute echo", chunks: [rows, { columns: ["a"], rows: [] }, rows] });
    expect(result).toMatchObject({
      columns: ["a", "b"],
      rows: [...rows, ...rows],
      exitCode: 0,
      error: undefined,
      messages: [],
      stderr: "",
    });
    expect(result.replies.length).toBe(5);
    expect(String(result.replies.at(-1)?.body)).toBe('a,b,"__mv_a","__mv_b"\n');
    expect(result.peakRss).toBeGreaterThan(5);
  });

  it("of type events gets finished with its last rows", async () => {
    const result = await splunkd.search({ command: "compute echo:events", chunks: [rows, rows] });
    expect([result.replies.length, result.rows.length, result.replies.at(-1)?.metadata]).toEqual([3, 4, { finished: true }]);
  });

  it("is asked with empty chunks until it is done", async () => {
    const result = await splunkd.search({ command: "compute drains", chunks: [rows] });
    expect(result.rows.map((each) => each.a)).toEqual(["1", "2", "1", "1", "1"]);
  });

  it("may get its bytes one by one", async () => {
    const pieces = (bytes: Buffer) => Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
    expect((await splunkd.search({ command: "compute echo", chunks: [rows], pieces })).rows).toEqual(rows);
  });

  it("moves 30 MB, and several values, quotes, line ends and letters of all kinds", async () => {
    const odd = [{ a: ["x$", "", "ü;$"], b: 'say "hi",\r\n\n 数 🙂', "ключ 1": "ü" }];
    expect((await splunkd.search({ command: "compute echo", chunks: [odd] })).rows).toEqual(odd);
    const large = Buffer.concat([Buffer.from("a\n"), Buffer.alloc(30 * 2 ** 20, "0123456\n")]);
    const result = await splunkd.search({ command: "compute echo", chunks: [large] });
    expect(result.replies[1]?.body.equals(large)).toBe(true);
  });

  it("is measured at its peak", async () => {
    const [small, large] = [
      await splunkd.search({ command: "compute echo", chunks: [rows] }),
      await splunkd.search({ command: "compute memory", chunks: [rows] }),
    ];
    expect(large.peakRss - small.peakRss).toBeGreaterThan(100);
  });

  it("makes previews beside the final result", async () => {
    const result = await splunkd.search({ command: "compute echo", chunks: [rows, rows, rows], previewsAfter: [0, 1] });
    expect([result, ...result.previews].map((each) => [each.sid === result.sid, each.rows.length])).toEqual([
      [true, 6],
      [true, 2],
      [true, 4],
    ]);
  });
});

describe("a command that breaks the protocol is caught", () => {
  it.each([
    ["twice", /bytes follow the reply/],
    ["short", /1 bytes follow the reply/],
    ["long", /it ended \d+ bytes into a reply/],
    ["noise", /no frame begins with "hello/],
    ["unasked", /bytes follow the reply|bytes without a request|before the request was whole/],
    ["late", /4 bytes without a request/],
    ["done-early", /finished before the last chunk/],
    ["error-first", /"inspector" stands behind "error"/],
  ])("%s", async (how, message) => {
    const searching = splunkd.search({ command: `compute ${how}`, chunks: [rows, rows] });
    await expect(searching).rejects.toThrow(message);
    await expect(searching).rejects.toMatchObject({ name: "BrokenProtocol" });
  });

  it("early", async () => {
    let wrote = "";
    await using running = await splunkd.start({
      command: "compute early",
      async *pieces(bytes) {
        yield bytes.subarray(0, 12);
        if (wrote !== "") await expect.poll(() => existsSync(wrote)).toBe(true);
        yield bytes.subarray(12);
      },
    });
    await running.getinfo();
    wrote = join(running.facts.dispatchDir, "wrote");
    await expect(running.send(rows)).rejects.toThrow(/before the request was whole/);
  });

  it("when it dies", async () => {
    await expect(splunkd.search({ command: "compute dies", chunks: [rows] })).rejects.toThrow("the command ended (3) without a reply");
  });
});

it("finds a secret on stderr and in a dispatch folder", async () => {
  const clean = await splunkd.search({ command: "compute echo", chunks: [rows] });
  expect(await splunkd.leaks([clean], [])).toEqual([]);
  expect(await splunkd.leaks([clean], ["x y"])).toEqual([]);
  const leaking = await splunkd.search({ command: "compute leaks", chunks: [rows] });
  expect(await splunkd.leaks([leaking], [])).toEqual(["stderr", expect.stringMatching(/kept\.txt$/)]);
});

it("cuts arguments as Splunk does", () => {
  expect(splitCommand(String.raw`compute a="x y" b=a, c  d="say \"hi\" \\ \n" e=""`)).toEqual({
    name: "compute",
    args: ["a=x y", "b=a", "c", String.raw`d=say "hi" \ \n`, "e="],
    rawArgs: ['a="x y"', "b=a", "c", String.raw`d="say \"hi\" \\ \n"`, 'e=""'],
  });
});

it("reads CSV of either line end, with cells that are empty", () => {
  expect(recordsOf('a,b\r\n"1\n",""\r\n,\n')).toEqual([
    ["a", "b"],
    ["1\n", ""],
    ["", ""],
  ]);
  expect(recordsOf("a,b\n1,")).toEqual([
    ["a", "b"],
    ["1", ""],
  ]);
});
