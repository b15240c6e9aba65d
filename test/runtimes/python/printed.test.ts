import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Bench, type Probe, python } from "../bench.ts";

const state = expect.stringMatching(/^\d+ of many rows$/);

function asked<T>(given: unknown): T {
  const options = { input: JSON.stringify(given), encoding: "utf8" } as const;
  return JSON.parse(execFileSync(python, [join(import.meta.dirname, "printed.py")], options)) as T;
}

const part = fc.constantFrom("\n", "\r", "\r\n", "\r\r", "a", "bcd", "é", "");
const text = fc.array(part, { maxLength: 6 }).map((parts) => parts.join(""));
/** Characters that are cut anywhere, and bytes that are none. */
const bytes = fc.array(fc.constantFrom(10, 13, 97, 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0xff), { maxLength: 6 });
const limit = fc.constantFrom(3, 12, 1 << 20);
const cases = (piece: fc.Arbitrary<unknown>) =>
  fc.record({ limit, pieces: fc.array(fc.oneof({ weight: 9, arbitrary: piece }, fc.constant(null)), { maxLength: 30 }) });

function wrong(given: readonly object[]): unknown[] {
  return asked<(string | null)[]>(given)
    .flatMap((said, at) => (said === null ? [] : [{ said, ...given[at] }]))
    .slice(0, 3);
}

describe("pieces become the lines that the whole text would", () => {
  it("of text", () => {
    expect(wrong(fc.sample(cases(text), 4000))).toEqual([]);
  });

  it("of text and bytes in turns", () => {
    const whole = cases(fc.oneof(text, bytes)).map((each) => ({ ...each, limit: 1 << 20 }));
    expect(wrong(fc.sample(whole, 4000))).toEqual([]);
  });

  it("each looked at once, however many come without a line end", () => {
    expect(asked(200_000)).toEqual([4, 800_000, 3]);
  });
});

describe("what a notebook does with its streams", () => {
  let probe: Probe;
  let bench: Bench;
  beforeAll(async () => {
    bench = await Bench.open();
    probe = await bench.worker(readFileSync(join(import.meta.dirname, "modules/streams.py"), "utf8"), { name: "streams" });
  });
  afterAll(() => bench?.[Symbol.asyncDispose]());

  async function printed(method: string, param: object = {}): Promise<readonly string[]> {
    const { log, error } = await probe.call("a,b\n1,2\n", { method, param: JSON.stringify(param) });
    expect(error).toBeUndefined();
    expect((await probe.call("a\n1\n")).log).toEqual(["the next call"]);
    return log;
  }

  it("bytes are lines, in their place among the text", async () => {
    expect(await printed("of_bytes")).toEqual(["text, bytes, café", "\ufffd and \ufffd broken", "one", "two", "without an end"]);
    expect((await probe.call("a\n1\n", { method: "of_bytes" })).csv).toBe('counts\n"[7, 4, 2]"\n');
  });

  it("wrappers that are closed, or go, close nothing", async () => {
    expect(await printed("of_a_wrapper")).toEqual(["within", "", "detached", "café", "and still there", "closed"]);
  });

  it("a wrapper that is the stream belongs to its call, also what it still holds", async () => {
    for (const _ of [1, 2]) expect(await printed("of_a_stream_of_its_own")).toEqual(["here, too", "held by a wrapper"]);
    const top = "import io, sys\nsys.stdout = io.TextIOWrapper(sys.stdout.buffer)\n";
    const wrapped = await bench.worker(`${top}def apply(model, df, param):\n    print('of row', df['a'][0])\n    return df\n`);
    for (const row of [1, 2]) expect((await wrapped.call(`a\n${row}\n`)).log).toEqual([`of row ${row}`]);
  });

  it("a stream that is gone, or is another, harms no later call", async () => {
    const odd = "class Odd:\n    def __getattr__(self, name):\n        raise ArithmeticError(name)\n";
    const gone = await bench.worker(
      `import io, sys\n${odd}def apply(model, df, param):\n    print('here')\n    del sys.stdout\n    sys.stderr = Odd()\n    return df\n` +
        "def detached(model, df, param):\n    sys.stdout = io.TextIOWrapper(sys.stdout.buffer)\n    sys.stdout.detach()\n    return df\n",
    );
    for (const method of ["apply", "detached", "apply"])
      expect(await gone.call("a\n1\n", { method })).toMatchObject({ csv: "a\n1\n", log: method === "apply" ? ["here"] : [] });
  });

  it("settings are told and taken, and what cannot be is refused", async () => {
    expect(await printed("of_settings")).toEqual([
      "redirected elsewhere",
      "utf-8 replace None True False <stdout> w False",
      "True False False False 1 <stdout> wb False",
      "refused: <stdout> cannot be detached, as later calls print to it; use its buffer",
      "refused: detach",
      "refused: read",
      "write() argument must be str, not bytes",
      "memoryview: a bytes-like object is required, not 'str'",
    ]);
  });

  it("libraries write to it", async () => {
    expect([...(await printed("of_libraries"))].sort()).toEqual(["1! 2!", "1,2", "1,2", "a,b", "a,b", "of a program"].toSorted());
  });

  it("a child that the code forked passes it on", async () => {
    expect([...(await printed("of_a_child"))].sort()).toEqual([
      "its rest goes on",
      "of the child",
      "of the parent, who goes on",
      "without an end",
    ]);
    expect(await printed("of_a_bar_of_a_child")).toEqual(["done"]);
  });

  it("many prints without a line end take no longer each", async () => {
    // A bar is shown once for each megabyte of it.
    expect(await printed("of_a_bar", { writes: 200_000 })).toEqual([...Array(3).fill(state), "199999 of many rows"]);
    expect(await printed("of_pieces", { writes: 200_000 })).toEqual(["abcd".repeat(200_000)]);
  });

  it("of programs, too", async () => {
    expect(await printed("of_a_program", { writes: 200_000 })).toEqual([
      ...Array(3).fill(state),
      "199999 of many rows",
      "one",
      "20 %",
      "café",
      "without an end",
    ]);
  });
});
