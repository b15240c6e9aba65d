import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Bench, python } from "../bench.ts";
import { Holder, source } from "./loads.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.open();
});
afterAll(() => bench?.[Symbol.asyncDispose]());

const closure = "def pair():\n    n = 0\n    def put(x):\n        nonlocal n\n        n = x\n    return put, lambda: n\nput, get = pair()";

/** Top level, what load does, what apply finds, and the object that the note names. `n` is the model's number. */
const changing: [string, string, string, string, string][] = [
  ["an attribute", `${Holder}\nnet.w = 0`, "net.w = n", "net.w", "net (Holder)"],
  ["an attribute of what it returns", `${Holder}\nnet.w = 0`, "net.w = n; return net", "model.w", "net (Holder)"],
  ["a new attribute", Holder, "setattr(net, f'w{n}', n); net.last = n", "net.last", "net (Holder)"],
  ["a slot", "class Slot: __slots__ = ('w',)\nnet = Slot()\nnet.w = 0", "net.w = n", "net.w", "net (Slot)"],
  ["a namespace", "import types\nnet = types.SimpleNamespace(w=0)", "net.w = n", "net.w", "net (SimpleNamespace)"],
  ["a list of an instance", `${Holder}\nnet.w = [0]`, "net.w[0] = n", "net.w[0]", "net (Holder)"],
  ["an instance in a dict", `${Holder}\nnets = {'a': [net]}\nnet.w = 0\ndel net`, "nets['a'][0].w = n", "nets['a'][0].w", "nets (dict)"],
  ["a UserDict", "import collections\nnet = collections.UserDict(w=0)", "net['w'] = n", "net['w']", "net (UserDict)"],
  ["a dict of a class of its own", "class Own(dict): pass\nnet = Own(w=0)", "net['w'] = n", "net['w']", "net (Own)"],
  ["a large dict within another", "net = {'in': {i: 0 for i in range(20_000)}}", "net['in'][7] = n", "net['in'][7]", "net (dict)"],
  ["a bytearray", "net = bytearray(1)", "net[0] = n", "net[0]", "net (bytearray)"],
  ["an array", "import array\nnet = array.array('i', [0])", "net[0] = n", "net[0]", "net (array)"],
  ["an array of numpy", "import numpy as np\nnet = np.zeros(3)", "net[0] = n", "int(net[0])", "net (ndarray)"],
  ["an array of objects", "import numpy as np\nnet = np.array([[0], None], dtype=object)", "net[0][0] = n", "net[0][0]", "net (ndarray)"],
  [
    "an estimator's array",
    "import numpy as np\nfrom sklearn.linear_model import Ridge\nnet = Ridge()",
    "net.coef_ = np.array([n])",
    "net.coef_[0]",
    "net (Ridge)",
  ],
  ["a closure", closure, "put(n)", "get()", "put (function)"],
  ["a function's code", "def f(): return 0", "f.__code__ = eval(f'lambda: {n}').__code__", "f()", "f (function)"],
  ["a function's defaults", "def f(x=0): return x", "f.__defaults__ = (n,)", "f()", "f (function)"],
  ["a sibling's object", "from app.model import part", "part.net.w = n", "part.net.w", "part.net (Holder)"],
  [
    "what a method is bound to",
    "class K:\n    w = 0\n    def put(self, n): self.w = n\nput = K().put",
    "put(n)",
    "put.__self__.w",
    "put (method)",
  ],
  [
    "a partial's object",
    `import functools\n${Holder}\nf = functools.partial(setattr, net, 'w')\ndel net`,
    "f(n)",
    "f.args[0].w",
    "f (partial)",
  ],
];

describe("a load that changes an object of the top level", () => {
  it.each(changing)("runs in each call: %s", async (_, top, load, apply, named) => {
    const probe = await bench.worker(source(top, `n = int(name); ${load}`, apply), { siblings: { part: `${Holder}\nnet.w = 0\n` } });
    const apply_ = probe.applying();
    const answers = [];
    for (const name of ["1", "2", "1", "2", "2"]) answers.push(await apply_(name));
    expect(answers.map(({ found, was }) => [found, was])).toEqual(["1", "2", "1", "2", "2"].map((found) => [found, false]));
    const note = `load changes ${named}, which the top level made and other models share, so this model is loaded at each call. Make it inside load.`;
    expect(answers.map(({ done }) => done?.notes)).toEqual([[], [], [note], [note], []]);
  });

  it("keeps no model that found its own state there, nor one that was kept before", async () => {
    const apply = (await bench.worker(source(`${Holder}\nnet.w = 1`, "net.w = int(name)", "net.w"))).applying();
    const answers = [];
    for (const name of ["1", "2", "2", "1", "1", "2"]) answers.push((await apply(name)).found);
    expect(answers).toEqual(["1", "2", "2", "1", "1", "2"]);
  });

  it("is noticed where it fails half way", async () => {
    const load = "net.w = 1 if name == 'a' else 2; return 1 / (name != 'b')";
    const apply = (await bench.worker(source(`${Holder}\nnet.w = 1`, load, "net.w"))).applying();
    expect([(await apply("a")).found, (await apply("b")).error?.type, (await apply("a")).found]).toEqual(["1", "ZeroDivisionError", "1"]);
  });

  it("is told in the first call's receipt where the model was loaded before, and does not run before calls again", async () => {
    const top = `${Holder}\nnet.w = 0\nruns = []\nnet.runs = 0`;
    const apply = (await bench.worker(source(top, "net.runs += 1", "net.runs"))).applying();
    await apply("a", "load");
    await apply("b", "load");
    const { found, done } = await apply("b");
    expect([found, done?.notes.length]).toEqual(["3", 1]);
  });
});

const unchanged: [string, string, string][] = [
  [
    "a path",
    "import pathlib\nDATA = pathlib.Path('/srv/app/model/data')",
    "(DATA / name).parts; str(DATA); hash(DATA); DATA.parent.exists()",
  ],
  ["a logger", "import logging\nlog = logging.getLogger('mine')\nlog.setLevel(20)", "log.info('loaded'); log.isEnabledFor(5)"],
  ["a pattern", "import re\nWORD = re.compile('a+')", "WORD.findall(name)"],
  [
    "an estimator",
    "from sklearn.ensemble import RandomForestClassifier\nproto = RandomForestClassifier().fit([[0], [1]], [0, 1])",
    "proto.predict([[1]]); import sklearn; sklearn.clone(proto)",
  ],
  [
    "a table",
    "import pandas as pd\ntable = pd.DataFrame({'a': [1, 2], 'b': ['x', 'y']})",
    "table.set_index('b').loc['x']; table.groupby('b').sum(); table.a.values; table.index.is_unique",
  ],
  [
    "generators",
    "import numpy as np, random\nrng, own, seeded = np.random.default_rng(), random.Random(), np.random.RandomState(1)",
    "rng.random(); own.gauss(0, 1); seeded.rand()",
  ],
  [
    "a lock and an event",
    "import threading\nlock, there, local = threading.RLock(), threading.Event(), threading.local()",
    "lock.acquire(); lock.release(); there.set(); local.n = name",
  ],
  ["an open file", "import io\nfile = open('/dev/null')\nmade = io.StringIO('x')", "file.read(); made.read()"],
  [
    "a cached function",
    "import functools\nclass K:\n    @functools.lru_cache\n    def m(self, n): return n\nk = K()\n@functools.cache\ndef f(n): return n",
    "f(name); k.m(name)",
  ],
  [
    "an abstract class",
    "import collections.abc\nclass Kind(collections.abc.Sized):\n    def __len__(self): return 0\nkind = Kind()",
    "isinstance([], Kind); isinstance(kind, collections.abc.Sized)",
  ],
  ["a weak dict", "import weakref\nclass K: pass\nk = K()\nknown = weakref.WeakKeyDictionary()", "known[k] = name"],
  ["arrays", "import numpy as np\ntable = np.arange(1000.)\nclass K: pass\nk = K()\nk.rows = table", "table.mean(); k.rows.sum()"],
  ["what vars shows", "class K: pass\nk = K()\nk.a = 1\nimport copy, pickle", "vars(k); copy.deepcopy(k); pickle.dumps(k) if 0 else 0"],
  ["an equal value", "class K: pass\nk = K()\nk.path = 'a b'", "k.path = ' '.join(['a', 'b'])"],
  ["an object that it returns", "class K: pass\nk = K()\nk.w = [1]", "return k"],
  [
    "dataclasses and enums",
    "import dataclasses, enum\n@dataclasses.dataclass\nclass D:\n    a: int = 0\nd = D()\nclass E(enum.Flag):\n    A = 1\n    B = 2",
    "E.A | E.B; E(3); dataclasses.replace(d); repr(d)",
  ],
  ["a client's pool", "import http.client\nc = http.client.HTTPConnection('localhost')", "c.timeout = 3"],
  ["plain globals and classes", "words = []\nclass K: n = 0\nx = 0", "global x; x = name; words.append(x); K.n = name"],
];

describe("a load that only uses objects of the top level", () => {
  it.each(unchanged)("runs once a model: %s", async (_, top, load) => {
    const apply = (await bench.worker(source(top, load, "1"))).applying();
    const answers = [];
    for (const name of ["a", "b", "a", "b"]) answers.push(await apply(name));
    expect(answers.map(({ error, was, done }) => [error, was, done?.notes])).toEqual(
      [false, false, true, true].map((was) => [undefined, was, []]),
    );
  });

  it("runs nothing of the code's to find out", async () => {
    const top = `
class Meta(type):
    def __getattribute__(cls, name): raise ValueError(name)
class Odd(metaclass=Meta):
    __slots__ = ("a", "__dict__")
    def __getattribute__(self, name): raise ValueError(name)
    def __eq__(self, other): raise ValueError("eq")
    def __hash__(self): raise ValueError("hash")
    def __len__(self): raise ValueError("len")
    def __iter__(self): raise ValueError("iter")
class Table(dict):
    __iter__ = keys = values = items = __len__ = __getitem__ = None
    @property
    def __dict__(self): raise ValueError("dict")
class Plain: pass
plain = Plain()
plain.odd, plain.table = [object.__new__(Odd)], [Table()]
del Meta, Odd, Table`;
    const apply = (await bench.worker(source(top, "pass", "1"))).applying();
    expect([(await apply("a")).error, (await apply("a")).was]).toEqual([undefined, true]);
  });

  it("takes a moment for a large top level, in which a small object is seen all the same", async () => {
    const top = `rows = [{"a": [i]} for i in range(300_000)]\nclass K: pass\nnet = K()\nnet.layers = [K()]\nnet.layers[0].w = 0`;
    const probe = await bench.worker(source(top, "net.layers[0].w = int(name)", "net.layers[0].w"));
    const apply = probe.applying();
    expect([(await apply("1")).found, (await apply("2")).found, (await apply("1")).found]).toEqual(["1", "2", "1"]);
  });
});

const shipped = ["app/model", "bench/algorithms"].flatMap((folder) => {
  const root = join(import.meta.dirname, "../../..", folder);
  return readdirSync(root)
    .filter((name) => name.endsWith(".py") && !["mark.py", "stubborn.py", "timed.py"].includes(name))
    .map((name) => [name.slice(0, -3), readFileSync(join(root, name), "utf8")] as const);
});

describe("notebooks that are shipped", () => {
  it.each(shipped)("stay in memory, and so does the worker that fits: %s", async (name, text) => {
    const isSeries = name === "forecast";
    const rows = Array.from({ length: 300 }, (_, at) => {
      const time = new Date(Date.UTC(2025, 0, 1, at)).toISOString().slice(0, 19);
      return isSeries ? `${time},${at % 24}` : `${at},${at % 7},${at % 5},${at % 3},${at % 2}`;
    });
    const table = `${isSeries ? "_time,y" : "a,b,c,d,label"}\n${rows.join("\n")}\n`;
    const target = isSeries ? "y" : "label";
    const features = isSeries ? [] : ["a", "b", "c", "d"];
    const param = JSON.stringify({
      options: { params: {} },
      target_variables: name === "anomaly_detector" ? [] : [target],
      feature_variables: features,
    });
    const probe = await bench.worker(text, { name });
    const folder = await bench.modelFolder();
    const model = { name: `${name}_m`, key: "m@1", folder, shared: bench.home.data };
    const fits = [await probe.call(table, { method: "fit", param, model }), await probe.call(table, { method: "fit", param, model })];
    expect(fits.map(({ error, done }) => [error, done?.spent])).toEqual([
      [undefined, undefined],
      [undefined, undefined],
    ]);
    const applies = [await probe.call(table, { param, model }), await probe.call(table, { param, model })];
    expect(applies.map(({ done }) => done?.modelWasLoaded)).toEqual([false, true]);
  });
});

describe("a fit", () => {
  const top = `${Holder}\nnet.runs = 0\nimport os`;
  const fitting = (init: string) =>
    `${top}\ndef init(df, param):\n    ${init}\n    return {}\ndef fit(model, df, param): pass\ndef save(model, name): pass\ndef apply(model, df, param): return df\n`;

  it.each([
    ["that changes an object says that its worker is spent", "net.runs += 1", true, undefined],
    ["that fails says so, too", "net.runs += 1; 1 / 0", true, "ZeroDivisionError"],
    ["that changes plain globals does not", "global more; more = [1]", undefined, undefined],
    ["that fails and changed nothing does not", "1 / 0", undefined, "ZeroDivisionError"],
  ])("%s", async (_, init, spent, type) => {
    const probe = await bench.worker(fitting(init));
    const { done, error } = await probe.call("a\n1\n", { method: "fit" });
    expect([(done ?? error)?.spent, error?.type, probe.link.isUsable]).toEqual([spent, type, spent === undefined]);
  });

  it("that is cancelled says so, too", async () => {
    const probe = await bench.worker(fitting("net.runs += 1; print('begun'); import time; time.sleep(100)"));
    const stopped = new AbortController();
    const reason = new Error("enough");
    const answer = probe.call("a\n1\n", { method: "fit" }, { signal: stopped.signal, onEvent: () => stopped.abort(reason) });
    await expect(answer).rejects.toBe(reason);
    expect([probe.link.isSpoiled, probe.link.isSpent]).toEqual([false, true]);
  });
});

/** Statements that leave an object as the model says, whatever it was before; and some that are put back. */
const statements = [
  "net.w = n",
  "net.__dict__ = {'v': n}",
  "net.inner.w = [n]",
  "net.inner.table.update(n=n)",
  "held[1].w = n",
  "numbers[0] = n",
  "put(n)",
  "users['n'] = n",
  "f.__defaults__ = (n,)",
  "whole = n",
  "items.append(n)",
  "table['k'] = {'n': n}",
];
const begin = `
import collections
import numpy as np
class Holder:
    w = 0
net, held, numbers, users = Holder(), ({}, Holder()), np.zeros(2), collections.UserDict()
net.inner = Holder()
net.inner.table = {}
whole, items, table = 0, [], {}
def f(x=0): return x
${closure}
def state():
    inner = vars(net).get("inner")
    return str([net.w, vars(net).get("v"), inner and [inner.w, inner.table], held[1].w, numbers.tolist(), get(), dict(users), f(), whole, items, table])
`;

it("is what a fresh import and load would leave, whatever objects load changes", async () => {
  const folder = mkdtempSync(join(tmpdir(), "fresh-"));
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.constantFrom(...statements), { maxLength: 4 }),
      fc.array(fc.constantFrom("1", "2", "3"), { minLength: 3, maxLength: 8 }),
      async (loads, names) => {
        const body = loads.flatMap((line) => ["    try:", `        ${line}`, "    except Exception: pass"]);
        const text = [
          begin,
          "def load(name):",
          "    global whole",
          "    n = int(name)",
          ...body,
          "    return n",
          "def apply(n, df, param):",
          "    return [{'found': state()}]",
        ].join("\n");
        const fresh = (name: string) => `scope = {"__name__": "x"}; exec(source, scope); scope["load"]("${name}"); print(scope["state"]())`;
        const expected = execFileSync(python, ["-c", `source = ${JSON.stringify(text)}\n${["1", "2", "3"].map(fresh).join("\n")}`], {
          encoding: "utf8",
          cwd: folder,
        });
        const apply = (await bench.worker(text)).applying();
        for (const name of names) {
          const { found } = await apply(name);
          expect(found.replaceAll('""', '"').replace(/^"(.*)"$/, "$1")).toBe(expected.split("\n")[Number(name) - 1]);
        }
      },
    ),
    { numRuns: 30 },
  );
  rmSync(folder, { recursive: true });
}, 120_000);
