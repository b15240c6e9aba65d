import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Bench, type Probe, python } from "../bench.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.open();
});
afterAll(() => bench?.[Symbol.asyncDispose]());

/** Applies a model that stays in memory, and gives the first value of the answer, and whether it had been loaded. */
function applying(probe: Probe) {
  const apply = probe.applying();
  return async (name: string, method?: string) => {
    const { error, found, was } = await apply(name, method);
    expect(error).toBeUndefined();
    return [found, was];
  };
}

const told = (value: string) => `    return [{"found": str(${value})}]`;

describe("what load leaves outside of the model", () => {
  it.each([
    ["a global", "factor = None", "global factor; factor = name", "factor", "m"],
    ["a new global", "", "global made; made = [name]", "made; made.append(1)", "['m']"],
    ["a global that it deletes", "gone = 1", "global gone; del gone", "'gone' in globals()", "False"],
    ["an entry of a dict", "known = {}", "known[name] = 7", "known; known.clear()", "{'m': 7}"],
    ["what lies within", "known = {'in': []}", "known['in'].append(name)", "known; known['in'].append(2)", "{'in': ['m']}"],
    ["an attribute of a class", "class Holder: words = None", "Holder.words = [name]", "Holder.words; Holder.words.append(1)", "['m']"],
    ["the environment", "import os", "os.environ['MINE'] = name", "os.environ.get('MINE'); os.environ['MINE'] = 'x'", "m"],
    ["options of pandas", "import pandas as pd", "pd.set_option('display.precision', 3)", "pd.get_option('display.precision')", "3"],
    ["a seed by a name of its own", "from random import seed\nimport random", "seed(7)", "random.random()", "0.32383276483316237"],
    [
      "a seed of numpy by a name of its own",
      "from numpy.random import seed\nimport numpy as np",
      "seed(7)",
      "np.random.randint(1000)",
      "175",
    ],
    ["a container that others hold", "old = []\nadd = old.append", "global old; old = [name]", "len(add.__self__); add(1)", "0"],
    [
      "another name of an attribute",
      "class K: pass\nK.one = None",
      "del K.one; K.two = None",
      "[n for n in vars(K) if n[0] != '_']; del K.two; K.three = None",
      "['two']",
    ],
    ["numpy's errors", "import numpy as np", "np.seterr(divide='raise')", "np.geterr()['divide']; np.seterr(divide='call')", "raise"],
    [
      "numpy's way to print",
      "import numpy as np",
      "np.set_printoptions(precision=2)",
      "np.array([1.234]); np.set_printoptions(precision=1)",
      "[1.23]",
    ],
    [
      "a variable of the context",
      "from contextvars import ContextVar\nVAR = ContextVar('VAR', default=0)",
      "VAR.set(name)",
      "VAR.get(); VAR.set(1)",
      "m",
    ],
    ["the working folder", "import os", "os.chdir('/')", "os.getcwd(); os.chdir('/tmp')", "/"],
    ["a timeout", "import socket", "socket.setdefaulttimeout(7)", "socket.getdefaulttimeout(); socket.setdefaulttimeout(1)", "7.0"],
    ["a hook", "import sys", "sys.excepthook = max", "sys.excepthook is max; sys.excepthook = min", "True"],
    ["no sys.stdin", "import sys", "del sys.stdin", "getattr(sys, 'stdin', None)", "None"],
    [
      "an event loop",
      "import asyncio",
      "loop = asyncio.new_event_loop(); loop.name = name; asyncio.set_event_loop(loop)",
      "asyncio.get_event_loop().name + str(asyncio.get_event_loop().is_closed()); asyncio.set_event_loop(None)",
      "mFalse",
    ],
    ["no sys.stdout", "import sys", "del sys.stdout", "getattr(sys, 'stdout', None)", "None"],
    ["a seed", "import random", "random.seed(7)", "random.random()", "0.32383276483316237"],
    ["a seed of numpy", "import numpy as np", "np.random.seed(7)", "np.random.randint(1000)", "175"],
    ["what it drew", "import random\nrandom.seed(7)", "random.random()", "random.random()", "0.15084917392450192"],
    ["what it drew of a generator", "import random\nown = random.Random(7)", "own.random()", "own.random()", "0.15084917392450192"],
  ])("is there in each call: %s", async (_, top, load, apply, expected) => {
    const [value, ...then] = apply.split("; ");
    const lines = [top, "def load(name):", ...load.split("; ").map((line) => `    ${line}`), "    return {}"];
    const body = [`    found = str(${value})`, ...then.map((line) => `    ${line}`), told("found")];
    const probe = await bench.worker([...lines, "def apply(model, df, param):", ...body].join("\n"));
    const apply_ = applying(probe);
    const answers = [await apply_("m"), await apply_("m"), await apply_("m")];
    const text = expected.includes(",") ? `"${expected}"` : expected;
    expect(answers).toEqual([false, true, true].map((was) => [text, was]));
  });

  it("is there where the model was loaded before the first call", async () => {
    const apply = applying(
      await bench.worker(
        `factor = None\ndef load(name):\n    global factor\n    factor = 7\ndef apply(model, df, param):\n${told("factor")}`,
      ),
    );
    await apply("m", "load");
    expect([await apply("m"), await apply("m")]).toEqual([
      ["7", true],
      ["7", true],
    ]);
  });

  it("is of this model alone, and of no call without one", async () => {
    const source = `factor = None\ndef load(name):\n    global factor\n    if name != "plain":\n        factor = name\ndef apply(model, df, param):\n${told("factor")}`;
    const probe = await bench.worker(source);
    const apply = applying(probe);
    const found = [];
    for (const name of ["a", "b", "plain", "a", "plain", "b", "b", "a"]) found.push((await apply(name))[0]);
    expect(found).toEqual(["a", "b", "None", "a", "None", "b", "b", "a"]);
    const { csv } = await probe.call("a\n1\n", { model: { name: "plain", key: null, folder: bench.home.data, shared: bench.home.data } });
    expect(csv).toBe("found\nNone\n");
  });
});

it("leaves each model its event loop, open", async () => {
  const source = [
    "import asyncio",
    "def load(name):",
    "    if name != 'plain':",
    "        asyncio.get_event_loop().name = name",
    "async def named(): return getattr(asyncio.get_running_loop(), 'name', None)",
    "def apply(model, df, param):",
    told("asyncio.get_event_loop().run_until_complete(named())"),
  ];
  const apply = applying(await bench.worker(source.join("\n")));
  const names = ["a", "b", "plain", "a", "plain", "b", "b", "a"];
  const found = [];
  for (const name of names) found.push((await apply(name))[0]);
  expect(found).toEqual(names.map((name) => (name === "plain" ? "None" : name)));
});

it("leaves no seed to models whose load gives none", async () => {
  const source = `
from numpy.random import seed, randint
def load(name): return name
def apply(model, df, param):
    if model == "seeds": seed(3)
${told("randint(10**9)")}`;
  const apply = applying(await bench.worker(source));
  const found = [];
  for (const name of ["seeds", "other", "other", "other"]) found.push((await apply(name))[0]);
  expect(new Set(found).size).toBe(4);
});

it("leaves apply's warnings to be told in each call", async () => {
  const source =
    "import warnings\ndef load(name): warnings.warn('from load')\ndef apply(model, df, param):\n    warnings.warn('from apply')\n    return df";
  const probe = await bench.worker(source);
  const folder = await bench.modelFolder();
  const model = { name: "m", key: "m@1", folder, shared: bench.home.data };
  const lines = [];
  for (let call = 0; call < 3; call++)
    lines.push((await probe.call("a\n1\n", { model })).log.filter((line) => line.includes("from apply")).length);
  expect(lines).toEqual([lines[0], lines[0], lines[0]]);
  expect(lines[0]).toBeGreaterThan(0);
});

it("lets go the loggers of models that are in memory no more", async () => {
  const source = `
import logging
def load(name):
    own = logging.getLogger(f"own.{name}")
    own.setLevel(30)
    return [own]
def apply(model, df, param):
${told('sum(name.startswith("own.") for name in logging.root.manager.loggerDict)')}`;
  const apply = applying(await bench.worker(source));
  let found = 0;
  for (let number = 0; number < 300; number++) found = Number((await apply(String(number)))[0]);
  expect(found).toBeLessThan(250); // 64 models, and those that go together
});

/** Each call compares all that differs between its beginning and the last one's: models should have none of their own for nothing. */
it.each([
  ["nothing", "", "pass"],
  ["a model read from a file", "import joblib, io", "joblib.load(io.BytesIO())if 0 else joblib.hash(name)"],
  [
    "nothing, beside a generator",
    "import numpy as np, random\nrng, old, own = np.random.default_rng(42), np.random.RandomState(3), random.Random(5)",
    "pass",
  ],
  ["nothing, beside seeds", "import numpy as np, random\nnp.random.seed(1)\nrandom.seed(2)", "pass"],
  ["a warning", "import warnings", "warnings.warn('x')"],
  ["annotations", "class E: pass", "E.__annotations__"],
  ["a look at tables", "table = {i: i for i in range(20_000)}\nrows = [[i] for i in range(2000)]", "table[5], rows[7][0]"],
])("needs no beginning of its own where it leaves %s", async (_, top, load) => {
  const count = 'sum(type(each).__name__ == "Beginning" for each in gc.get_objects())';
  const source = `import gc\n${top}\ndef load(name):\n    ${load}\n    return name\ndef apply(model, df, param):\n${told(count)}`;
  const apply = applying(await bench.worker(source));
  const found = [];
  for (const name of ["a", "b", "c", "a"]) found.push((await apply(name))[0]);
  expect(new Set(found).size).toBe(1);
});

/** Statements that change globals of all kinds; `n` is another number in each model. */
const statements = [
  "whole = n",
  "del whole",
  "items.append(n)",
  "items[:] = [n]",
  "items = [n, items]",
  "table['k'] = n",
  "table = {'n': n, **table}",
  "table['inner'].append(n)",
  "table.pop('inner', None)",
  "members.add(n)",
  "Kind.number = n",
  "Kind.shared.append(n)",
  "Kind.added = [n]",
  "helper.times = n",
  "helper.__defaults__[0].append(n)",
  "made = {'of': items, 'n': n}",
];
const top = `
whole, items, table, members = 0, [], {"inner": []}, set()
class Kind:
    number, shared = 0, []
def helper(kept=[]): return kept
def state():
    names = {name: globals().get(name) for name in ("whole", "items", "table", "made")}
    return str([names, sorted(members), Kind.number, Kind.shared, getattr(Kind, "added", None), getattr(helper, "times", None), helper()])
`;
const does = (lines: readonly string[]) => lines.flatMap((line) => ["    try:", `        ${line}`, "    except Exception: pass"]);
const GLOBAL = "    global whole, items, table, members, made";

it("is what a fresh import and load would leave, whatever load and apply change", async () => {
  const some = fc.array(fc.constantFrom(...statements), { maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(
      some,
      some,
      fc.array(fc.constantFrom("1", "2", "3"), { minLength: 3, maxLength: 8 }),
      async (loads, applies, names) => {
        const source = [
          top,
          "def load(name):",
          GLOBAL,
          "    n = int(name)",
          ...does(loads),
          "    return n",
          "def apply(n, df, param):",
          GLOBAL,
          "    found = state()",
          "    n *= 100",
          ...does(applies),
          told("found"),
        ].join("\n");
        const fresh = (name: string) => `scope = {"__name__": "x"}; exec(source, scope); scope["load"]("${name}"); print(scope["state"]())`;
        const expected = execFileSync(python, ["-c", `source = ${JSON.stringify(source)}\n${["1", "2", "3"].map(fresh).join("\n")}`], {
          encoding: "utf8",
        });
        const probe = await bench.worker(source);
        const apply = applying(probe);
        for (const name of names) {
          const [found = ""] = await apply(name);
          expect(
            String(found)
              .replaceAll('""', '"')
              .replace(/^"(.*)"$/, "$1"),
          ).toBe(expected.split("\n")[Number(name) - 1]);
        }
      },
    ),
    { numRuns: 40 },
  );
}, 120_000);
