import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Bench, python } from "../bench.ts";

const worker = join(import.meta.dirname, "../../../runtimes/python");

/** What a script prints as JSON, with the worker's modules at hand. */
function printed(script: string): unknown {
  const begin = `import json, random, socket, sys\nsys.path.insert(0, ${JSON.stringify(worker)})\n`;
  return JSON.parse(execFileSync(python, ["-c", begin + script], { encoding: "utf8" }));
}

it("calls that differ in their run alone are parsed once, and so many are kept", () => {
  const script = `
from worker.known_calls import KEPT, KEPT_BYTES, KnownCalls

def call(run, param, last=""):
    return json.dumps({"run": run, "param": param, "last": last}, separators=(",", ":")).encode()

calls = KnownCalls()
one = calls.parsed(call("r1", "{}"))
said = [one is calls.parsed(call("another", "{}")), calls.parsed(call("r2", "[]"))["param"], calls.parsed(b'{"param":"x","run":"r"}')["param"]]
great = call("r3", "x" * KEPT_BYTES)
said.append(calls.parsed(great) is calls.parsed(great))
for at in range(2 * KEPT):
    said_param = calls.parsed(call("r", str(at)))["param"]
    assert said_param == str(at)
said.append(len(calls._known))
print(json.dumps(said))
`;
  expect(printed(script)).toEqual([true, "[]", "x", false, 16]);
});

it("a param is parsed as Python's library does, blanks and faults included", () => {
  const script = `
from worker.calls import parsed

def outcome(parse, text):
    try:
        return repr(parse(text))
    except ValueError as error:
        return f"{type(error).__name__}: {error}"

texts = ["{}", " {}", "{} ", "\\n[1, 2.50]\\t", '{"a": {"b": [1e400, -0.0, NaN, 12345678901234567890, "\\\\u00e9"]}}', "1", '"x"', "", " ", "{", "{} x", "{}{}", "nul", "{'a': 1}"]
print(json.dumps([text for text in texts if outcome(parsed, text) != outcome(json.loads, text)] + [len(texts)]))
`;
  expect(printed(script)).toEqual([14]);
});

it("an input that is not few, or has several segments, is read as if nobody had looked", () => {
  const script = `
from worker.frames import END, PARAM, SEGMENT, TABLE, Wire
from worker.tables_in import FEW_BYTES, Input

def read(*frames):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sender = Wire(theirs)
        for kind, payload in frames:
            sender.send(kind, payload)
        source = Input(Wire(ours))
        few = source.few()
        if few is not None:
            return [few.decode(), source.is_over, source.param]
        return [len(each) if len(each) > 100 else each.decode() for each in source.read()] + [source.param]

great = b"x" * (FEW_BYTES // 2)
print(json.dumps([
    read((END, b"")),
    read((TABLE, b"a\\n1"), (TABLE, b"2\\n"), (PARAM, b"{}"), (END, b"")),
    read((TABLE, b"a\\n1\\n"), (SEGMENT, b""), (TABLE, b"b\\n2\\n"), (PARAM, b"{}"), (END, b"")),
    read((SEGMENT, b""), (TABLE, b"b\\n2\\n"), (END, b"")),
    read((TABLE, great), (TABLE, great), (TABLE, great), (SEGMENT, b""), (TABLE, b"c"), (END, b"")),
]))
`;
  const half = 1 << 15;
  expect(printed(script)).toEqual([
    ["", true, null],
    ["a\n12\n", true, "{}"],
    ["a\n1\n", "b\n2\n", "{}"],
    ["", "b\n2\n", null],
    [3 * half, "c", null],
  ]);
});

it("a look at a generator tells whether anybody seeded it or drew from it", () => {
  const script = `
import numpy as np
from worker.generator_state import look_at_numpy, look_at_random

said = []
for look, uses in (
    (look_at_random(), (random.random, lambda: random.seed(3), lambda: random.gauss(0, 1), lambda: random.shuffle([1, 2, 3]))),
    (look_at_numpy(), (np.random.rand, lambda: np.random.seed(3), np.random.normal, lambda: np.random.permutation(3))),
):
    before = look()
    said.append(before == look())
    for use in uses:
        use()
        said.append(before != look())
        before = look()
# Of two numbers that were drawn one is kept elsewhere.
random.seed(1), random.gauss(0, 1), np.random.seed(1), np.random.normal()
print(json.dumps([all(said), look_at_random() is None, look_at_numpy() is None]))
`;
  expect(printed(script)).toEqual([true, true, true]);
});

it("shared files are looked through once for each of several folders, and again when one is new", () => {
  const script = `
import os, tempfile
from worker import shared_files

shared_files.TICK_NS = -(10**18)
through = []
entries = shared_files.entries
shared_files.entries = lambda folder: through.append(folder) or entries(folder)
with tempfile.TemporaryDirectory() as root:
    shared, a, b = (os.path.join(root, name) for name in ("shared", "a", "b"))
    for folder in (shared, a, b):
        os.mkdir(folder)
    open(os.path.join(shared, "x"), "w").close()
    files = shared_files.SharedFiles(os.path.join(root, "link"))
    counts = []
    for folder in (a, b, a, b):
        files.show(folder, shared)
        counts.append(len(through))
    open(os.path.join(shared, "y"), "w").close()
    for folder in (a, b, a):
        files.show(folder, shared)
        counts.append(len(through))
    print(json.dumps([counts, *(sorted(os.listdir(folder)) for folder in (a, b))]))
`;
  expect(printed(script)).toEqual([
    [1, 2, 2, 2, 3, 4, 4],
    ["x", "y"],
    ["x", "y"],
  ]);
});

describe("a worker", () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await Bench.open();
  });
  afterAll(() => bench?.[Symbol.asyncDispose]());

  it("draws the same in each call where the top level left a number drawn and not yet given", async () => {
    const probe = await bench.worker(
      "import random\nimport numpy as np\nrandom.seed(1)\nnp.random.seed(1)\nrandom.gauss(0, 1)\nnp.random.normal()\n" +
        "def apply(model, df, param):\n    return [{'python': random.gauss(0, 1), 'numpy': np.random.normal()}]\n",
    );
    const first = await probe.call("a\n1\n");
    expect(first.csv).toContain("python,numpy\n");
    expect((await probe.call("a\n1\n")).csv).toBe(first.csv);
  });

  it("draws other numbers in each call without a seed, also where what was drawn left no trace", async () => {
    const probe = await bench.worker(
      "import os\nimport random\nimport numpy as np\n" +
        "def in_a_child():\n    read, write = os.pipe()\n    if os.fork() == 0:\n        os.write(write, repr(np.random.rand()).encode())\n        os._exit(0)\n    os.wait()\n    return os.read(read, 99).decode()\n" +
        "def put_back():\n    states = random.getstate(), np.random.get_state()\n    drawn = f'{random.random()} {np.random.rand()}'\n    random.setstate(states[0])\n    np.random.set_state(states[1])\n    return drawn\n" +
        "def apply(model, df, param):\n    return [{'child': in_a_child(), 'back': put_back()}]\n",
    );
    const drawn: string[] = [];
    for (let call = 0; call < 3; call++) drawn.push(...((await probe.call("a\n1\n")).csv.split("\n")[1] ?? "").split(/[, ]/));
    expect(new Set(drawn).size).toBe(6); // within a call the child draws what is then put back
  });

  it("serves code that puts another function in the place of random.seed", async () => {
    const probe = await bench.worker(
      "import random\nreal = random.seed\ndef seed(*given):\n    return real(*given)\nrandom.seed = seed\ndef apply(model, df, param):\n    return df\n",
    );
    expect((await probe.call("a\n1\n")).csv).toBe("a\n1\n");
  });

  it("answers on when code has closed the process's own streams", async () => {
    const probe = await bench.worker(
      "import os\ndef apply(model, df, param):\n    return df\ndef closes(model, df, param):\n    os.close(1)\n    os.close(2)\n    return df\n",
    );
    expect((await probe.call("a\n1\n", { method: "closes" })).csv).toBe("a\n1\n");
    expect((await probe.call("a\n1\n")).csv).toBe("a\n1\n");
  });

  it("gives each call a param of its own, though calls are alike", async () => {
    const probe = await bench.worker(
      "def apply(model, df, param):\n    param['seen'] = param.get('seen', 0) + 1\n    return [{'seen': param['seen']}]\n",
    );
    for (let call = 0; call < 3; call++) expect((await probe.call("a\n1\n")).csv).toBe("seen\n1\n");
  });
});
