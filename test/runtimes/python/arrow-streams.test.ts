import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SEGMENT_END } from "#contract/call.ts";
import { type Asked, Bench, type Probe, python } from "../bench.ts";

// ARROW_STREAMS=100000 changes so many, SEED=7 others.
const [many, seed] = [process.env.ARROW_STREAMS ?? "300", process.env.SEED ?? "1"];

let bench: Bench;
let probe: Probe;
beforeAll(async () => {
  bench = await Bench.open();
  probe = await bench.worker(readFileSync(join(import.meta.dirname, "modules/append.py"), "utf8"), { name: "append" });
});
afterAll(() => bench?.[Symbol.asyncDispose]());

const run = (code: string, input: Buffer = Buffer.alloc(0)) =>
  execFileSync(python, ["-c", `import sys, json, numpy as np, pyarrow as pa\n${code}`], { input });
/** The stream of a table, after `change` was done to its bytes `data`. */
const stream = (table: string, change = "data") =>
  run(`t = pa.table(${table})\ns = pa.BufferOutputStream()
with pa.ipc.new_stream(s, t.schema) as w: w.write_table(t)
data = s.getvalue().to_pybytes()\nsys.stdout.buffer.write(${change})`);
const columns = (frames: readonly Buffer[]) =>
  JSON.parse(
    run(
      "t = pa.ipc.open_stream(sys.stdin.buffer).read_all()\nprint(json.dumps([[n, c.to_pylist()] for n, c in zip(t.column_names, t.columns)]))",
      Buffer.concat(frames),
    ).toString(),
  );
const offsets = (...changed: number[]) => `data.replace(np.array([0, 2, 4], "i4").tobytes(), np.array([${changed}], "i4").tobytes())`;

const arrow = { method: "echo", input: { format: "arrow" }, output: { format: "arrow" } } as const;
/** The ways that rows take. */
const ways: [string, Asked][] = [
  ["as a whole table", arrow],
  ["in blocks", { ...arrow, input: { ...arrow.input, rowWise: true } }],
  ["coming back", { ...arrow, output: { format: "arrow", append: true } }],
  ["coming back as text", { ...arrow, output: { append: true } }],
];

describe.each(ways)("a stream that is broken is refused in few words, %s:", (_, asked) => {
  it.each([
    ["offsets in front of the bytes", stream("{'a': [b'xy', b'zz']}", offsets(-16_000_000, 0, 4))],
    ["offsets behind the bytes", stream("{'a': [b'xy', b'zz']}", offsets(0, 16_000_000, 16_000_000))],
    ["offsets of text", stream("{'a': ['xy', 'zz']}", offsets(-400_000, 0, 4))],
    ["offsets of lists", stream("{'a': [['x', 'y'], ['z', 'z']]}", offsets(0, 2, 2_000_000_000))],
    ["offsets in a struct", stream("{'a': [{'b': b'xy'}, {'b': b'zz'}]}", offsets(-2_000_000, 0, 4))],
    [
      "places that a dictionary lacks",
      stream(
        "{'a': pa.array(['x', 'y', 'z', 'y', 'z']).dictionary_encode()}",
        `data.replace(np.array([0, 1, 2, 1, 2], "i4").tobytes(), np.array([0, 10**8, 2, -7, 2], "i4").tobytes())`,
      ),
    ],
    ["a dictionary's own offsets", stream("{'a': pa.array(['xy', 'zz']).dictionary_encode()}", offsets(-16_000_000, 0, 4))],
  ])("%s", async (_, broken) => {
    const { error, frames } = await probe.call(broken, asked);
    expect(error).toMatchObject({
      phase: "parse",
      type: "BadRows",
      message: expect.stringMatching(/^Column a of the Arrow stream is broken: /),
    });
    expect(error?.message.length).toBeLessThan(300);
    expect(frames).toEqual([]);
  });

  it.each([
    ["a list", "bad"],
    ["a large list", "large"],
    ["a map", "mapped"],
    ["a list in a struct", "pa.StructArray.from_arrays([bad], ['x'])"],
    ["a list in a list", "pa.Array.from_buffers(pa.list_(bad.type), 1, [None, two], children=[bad])"],
    ["a list in a view", "pa.Array.from_buffers(pa.list_view(bad.type), 1, [None, two, two], children=[bad])"],
    ["a list in a list of fixed size", "pa.Array.from_buffers(pa.list_(bad.type, 2), 0, [None], children=[bad])"],
    ["a batch of such lists", "pa.chunked_array([pa.array([[1]], bad.type), bad])"],
  ])("an offset of %s without rows", async (_, column) => {
    const rows = run(`one, two = pa.py_buffer(np.array([7777], "i4")), pa.py_buffer(np.array([0, 0], "i4"))
pairs = pa.array([], pa.struct([pa.field("key", pa.string(), False), pa.field("value", pa.int64())]))
empty = lambda kind, offset, values: pa.Array.from_buffers(kind, 0, [None, offset], children=[values])
bad = empty(pa.list_(pa.int64()), one, pa.array([], pa.int64()))
large = empty(pa.large_list(pa.int64()), pa.py_buffer(np.array([7777])), pa.array([], pa.int64()))
mapped = empty(pa.map_(pa.string(), pa.int64()), one, pairs)
t = pa.table({"a": ${column}})
with pa.ipc.new_stream(sys.stdout.buffer, t.schema) as w:
    for chunk in t["a"].chunks: w.write_batch(pa.record_batch([chunk], ["a"]))`);
    expect((await probe.call(rows, asked)).error).toMatchObject({
      phase: "parse",
      type: "BadRows",
      message: "Column a of the Arrow stream is broken: Offset 7777 of a list without rows lies outside of its 0 values",
    });
  });

  it("text that is no UTF-8", async () => {
    const { error } = await probe.call(stream("{'a': ['xy', 'zz' * 99_999]}", "data.replace(b'xyzz', b'xy\\xff\\xff')"), asked);
    expect(error).toMatchObject({ phase: "parse", type: "BadRows", message: expect.stringContaining("the text is no UTF-8") });
  });

  const one = stream("{'a': [1, 2]}");
  const junk = Buffer.from("junk");
  it.each([
    ["a second stream", [one, stream("{'a': [3]}")]],
    ["another right behind few rows of none", [stream("{'a': pa.array([], pa.int64())}"), one]],
    ["what is no stream", [one, junk]],
    ["what follows zeros", [one, Buffer.alloc(2 ** 21), junk]],
  ])("%s behind its end", async (_, bodies) => {
    const { error } = await probe.call(Buffer.concat(bodies), asked);
    expect(error).toMatchObject({
      phase: "parse",
      type: "BadRows",
      message: expect.stringContaining("More follows the end of the Arrow stream"),
    });
  });

  it("but not for zeros behind its end, for no end at all, or for no rows", async () => {
    const whole = await probe.call(one, asked);
    expect(whole.done?.rows.received).toBe(2);
    for (const same of [Buffer.concat([one, Buffer.alloc(4)]), Buffer.concat([one, Buffer.alloc(2 ** 21)]), one.subarray(0, -8)])
      expect(await probe.call(same, asked)).toMatchObject({ frames: whole.frames, done: { rows: { received: 2 } } });
    expect((await probe.call(stream("{'a': pa.array([], pa.int64())}"), asked)).done?.rows.received).toBe(0);
  });
});

/** Types at which pyarrow itself ends the process, or reads what it no longer has, when it makes a frame of them. */
const rare = {
  "views of lists": "pa.list_view(pa.int32())",
  "large views of lists": "pa.large_list_view(pa.string())",
  "views within lists": "pa.list_(pa.list_view(pa.int32()))",
  "views within maps": "pa.map_(pa.string(), pa.large_list_view(pa.int32()))",
  "views of a type of their own": "pa.opaque(pa.list_view(pa.int8()), 'a', 'b')",
  runs: "pa.run_end_encoded(pa.int32(), pa.string())",
  "runs of views": "pa.run_end_encoded(pa.int16(), pa.list_view(pa.int32()))",
  "runs of texts as views": "pa.run_end_encoded(pa.int16(), pa.string_view())",
  "views of unions": "pa.list_view(pa.dense_union([pa.field('x', pa.int32())]))",
  "runs of runs": "pa.run_end_encoded(pa.int16(), pa.run_end_encoded(pa.int16(), pa.timestamp('us', 'Europe/Berlin')))",
  "runs of times with a zone": "pa.run_end_encoded(pa.int16(), pa.timestamp('us', 'Europe/Berlin'))",
};
/** By type: a stream without a batch, and one of a batch without rows. */
const empty = new Map(
  Object.entries(
    JSON.parse(
      run(`def stream(kind, *batches):
    schema = pa.schema([("a", kind), ("n", pa.int64())])
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as out:
        for batch in batches: out.write_batch(pa.record_batch([batch, pa.array([], pa.int64())], schema=schema))
    return sink.getvalue().to_pybytes().hex()
kinds = {${Object.entries(rare).map(([name, type]) => `"${name}": ${type}`)}}
print(json.dumps({name: [stream(kind), stream(kind, pa.nulls(0, kind))] for name, kind in kinds.items()}))`).toString(),
    ) as Record<string, string[]>,
  ),
);

describe.each<[string, Asked]>([...ways, ["with known types", { ...arrow, input: { ...arrow.input, types: { a: "object" } } }]])(
  "rare types are read, %s:",
  (_, asked) => {
    it.each([...empty])("%s without rows", async (_, streams) => {
      for (const rows of streams) {
        const { error, done } = await probe.call(Buffer.from(rows, "hex"), asked);
        expect(error).toBeUndefined();
        expect(done?.rows).toMatchObject({ received: 0, returned: 0 });
      }
    });

    it("runs of times with a zone", async () => {
      const times = "pa.array([0, 3_600_000_000], pa.timestamp('us', 'Europe/Berlin'))";
      const rows = stream(`{'a': pa.RunEndEncodedArray.from_arrays(pa.array([1, 3], pa.int16()), ${times}), 'n': [1, 2, 3]}`);
      const { error, csv, done } = await probe.call(rows, { ...asked, output: { ...asked.output, format: "csv" } });
      expect(error).toBeUndefined();
      expect(done?.rows.returned).toBe(3);
      expect(csv).toBe("a,n\n1970-01-01 01:00:00+01:00,1\n1970-01-01 02:00:00+01:00,2\n1970-01-01 02:00:00+01:00,3\n");
    });

    it.each([
      ["a dictionary", "of(names)", "x\ny\n"],
      ["times with a zone", "of(times)", "1970-01-01 00:00:00+00:00\n1970-01-01 00:00:01+00:00\n"],
      ["a dictionary, in a struct", "pa.StructArray.from_arrays([of(names)], ['z'])", "{'z': 'x'}\n{'z': 'y'}\n"],
      ["a dictionary, in a map", "pa.MapArray.from_arrays([0, 1, 2], ['k', 'l'], of(names))", "\"[('k', 'x')]\"\n\"[('l', 'y')]\"\n"],
    ])("an extension that is stored as %s", async (_, column, wanted) => {
      const rows = run(`of = lambda values: pa.ExtensionArray.from_storage(pa.opaque(values.type, "t", "v"), values)
names, times = pa.array(["x", "y"]).dictionary_encode(), pa.array([0, 1], pa.timestamp("s", "UTC"))
t = pa.table({"a": ${column}})
with pa.ipc.new_stream(sys.stdout.buffer, t.schema) as w: w.write_table(t)`);
      const { error, csv } = await probe.call(rows, { ...asked, output: { ...asked.output, format: "csv" } });
      expect(error).toBeUndefined();
      expect(csv).toBe(`a\n${wanted}`);
    });

    it.each(["string_view", "binary_view"])("a dictionary of %s", async (kind) => {
      const values = `pa.array([b'x', b'y']).cast(pa.${kind}())`;
      const rows = stream(`{'a': pa.DictionaryArray.from_arrays(pa.array([1, 0, None]), ${values})}`);
      const { error, csv } = await probe.call(rows, { ...asked, output: { ...asked.output, format: "csv" } });
      expect(error).toBeUndefined();
      expect(csv).toBe(kind === "string_view" ? 'a\ny\nx\n""\n' : "a\nb'y'\nb'x'\n\"\"\n");
    });

    it("but not runs whose values pyarrow cannot repeat", async () => {
      const rows = stream("{'a': pa.RunEndEncodedArray.from_arrays(pa.array([2], pa.int16()), pa.array(['x'], pa.string_view()))}");
      expect((await probe.call(rows, asked)).error).toMatchObject({
        phase: "parse",
        type: "BadRows",
        message: "Column a of the Arrow stream has runs of string_view, which cannot be read. Send it without runs (run-end encoding).",
      });
    });
  },
);

it("a fit and a staging of views of lists without rows are no end of the worker", async () => {
  const rows = stream("{'a': pa.array([], pa.list_view(pa.int32()))}");
  expect((await probe.call(rows, { method: "fit", input: { format: "arrow" } })).done?.rows.received).toBe(0);
  const plain = await bench.plain();
  expect((await plain.call(rows, { method: "parse", input: { format: "arrow" } })).done?.rows.received).toBe(0);
});

it("runs have the known types of their values", async () => {
  const rows = stream("{'a': pa.RunEndEncodedArray.from_arrays(pa.array([1, 3], pa.int32()), pa.array([1, None]))}");
  const { done, frames } = await probe.call(rows, { ...arrow, input: { ...arrow.input, types: { a: "float64" } } });
  expect(done?.notes).toEqual([]);
  expect(columns(frames)).toEqual([["a", [1, null, null]]]);
});

it("a broken segment is refused, and so is what follows its stream", async () => {
  const good = stream("{'a': [b'x']}");
  for (const [bad, said] of [
    [stream("{'a': [b'xy', b'zz']}", offsets(-16_000_000, 0, 4)), "is broken"],
    [Buffer.concat([good, good]), "More follows"],
  ] as const) {
    for (const rowWise of [false, true]) {
      async function* rows() {
        yield good;
        yield SEGMENT_END;
        yield bad;
      }
      const { error } = await probe.call(rows(), { ...arrow, input: { ...arrow.input, rowWise } });
      expect(error).toMatchObject({ phase: "parse", message: expect.stringContaining(said) });
    }
  }
});

it("what is staged is looked at, too, in a file as on its way", async () => {
  const broken = stream("{'a': [b'xy', b'zz']}", offsets(-16_000_000, 0, 4));
  const file = join(bench.home.root, "rows.arrow");
  writeFileSync(file, broken);
  const plain = await bench.plain();
  for (const [rows, where] of [
    [broken, null],
    ["", file],
  ] as const) {
    const { error } = await plain.call(rows, { method: "parse", input: { format: "arrow", file: where } });
    expect(error).toMatchObject({ phase: "parse", type: "BadRows", message: expect.stringContaining("is broken") });
  }
});

it("times of day in a date64, which JavaScript writes, are read", async () => {
  const { error, frames } = await probe.call(stream("{'a': pa.array([5, 86_400_007], pa.date64()), 'b': ['x', 'y']}"), {
    ...arrow,
    output: {},
  });
  expect(error).toBeUndefined();
  expect(Buffer.concat(frames).toString()).toBe("a,b\n1970-01-01,x\n1970-01-02,y\n");
});

it("times with a zone in a year beyond 9999 are refused where they must be written", async () => {
  const rows = stream("{'a': pa.array([0, 2**57], pa.timestamp('s', 'Europe/Berlin'))}");
  const { error } = await probe.call(rows, { input: { format: "arrow", types: { a: "float64" } } });
  expect(error).toMatchObject({ phase: "parse", type: "BadRows", message: expect.stringContaining("outside of the years 1 to 9999") });
});

it("a value that cannot be read is told by its ends", async () => {
  const { error } = await probe.call(`a\n${"x".repeat(300_000)}\n`, { input: { types: { a: "int64" } } });
  expect(error?.message).toMatch(/^Row 1, column a: 'x+ … \(\d+ characters\) … x+' is no int64\.$/);
  expect(error?.message.length).toBeLessThan(2100);
});

describe("names that are repeated or empty", () => {
  const rows = stream("[[1, 2], [3, 4], [5, 6]], names=['a', 'a', '']");

  it.each(ways.slice(0, 2))("are as in CSV, %s", async (_, asked) => {
    const { frames, done } = await probe.call(rows, asked);
    expect(columns(frames)).toEqual([
      ["a", [1, 2]],
      ["a.1", [3, 4]],
      ["Unnamed: 2", [5, 6]],
    ]);
    expect(done?.notes).toContain("Names of the header that are repeated or empty came as a.1, Unnamed: 2.");
  });

  it.each(ways.slice(0, 2))("can be chosen, and have types, %s", async (_, asked) => {
    const input = { ...asked.input, fields: ["Unnamed: 2", "a.1"], types: { "a.1": "object" as const } };
    expect(columns((await probe.call(rows, { ...asked, input })).frames)).toEqual([
      ["Unnamed: 2", [5, 6]],
      ["a.1", ["3", "4"]],
    ]);
  });

  it("come back as they came", async () => {
    const csv = "a,a,\n1,3,5\n2,4,6\n";
    const asked = { method: "apply", output: { append: true } } as const;
    expect((await probe.call(csv, asked)).csv).toBe("a,a,,score\n1,3,5,0.0\n2,4,6,0.5\n");
    for (const rowWise of [false, true])
      expect((await probe.call(rows, { ...asked, input: { format: "arrow", rowWise } })).csv).toBe("a,a,,score\n1,3,5,0.0\n2,4,6,0.5\n");
    const { frames } = await probe.call(rows, { ...asked, input: { format: "arrow" }, output: { append: true, format: "arrow" } });
    expect(columns(frames)).toEqual([
      ["a", [1, 2]],
      ["a", [3, 4]],
      ["", [5, 6]],
      ["score", [0, 0.5]],
    ]);
  });

  it("are what a fit leaves types of", async () => {
    const { done } = await probe.call(rows, { method: "fit", input: { format: "arrow" } });
    expect(done?.signature?.map(({ name }) => name)).toEqual(["a", "a.1", "Unnamed: 2"]);
  });
});

it.each(["arrow_broken.py", "arrow_names.py"])(
  "%s finds no stream that is read as what it is not",
  (script) => {
    const path = join(import.meta.dirname, script);
    expect(execFileSync(python, ["-W", "ignore", path, many, seed], { encoding: "utf8" })).toBe("fine\n");
  },
  120_000 + 20 * Number(many),
);
