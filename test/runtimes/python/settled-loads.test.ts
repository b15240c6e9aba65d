import { afterAll, beforeAll, expect, it } from "vitest";
import { Bench } from "../bench.ts";
import { Holder, source } from "./loads.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.open();
});
afterAll(() => bench?.[Symbol.asyncDispose]());

it("a change of an object of the top level is noticed in calls of models without a key while another is kept", async () => {
  const probe = await bench.worker(source(`${Holder}\nnet.w = 3`, "net.w = {'m': 3, 'pre': 5}[name]", "net.w"));
  const apply = probe.applying();
  const first = (await apply("m")).found;
  const model = { name: "pre", key: null, folder: await bench.modelFolder(), shared: bench.home.data };
  const { csv } = await probe.call("a\n1\n", { model });
  expect([first, csv.split("\n")[1]?.trim(), (await apply("m")).found]).toEqual(["3", "5", "3"]);
});

it("a worker keeps a model whose load changes it no more, until a call does", async () => {
  const apply = (await bench.worker(source(`${Holder}\nnet.w = 0`, "net.w = 7", "(net.w, setattr(net, 'w', 8))[0]"))).applying();
  await apply("a", "load");
  await apply("a", "load");
  expect([(await apply("a")).found, (await apply("a")).found, (await apply("a")).found]).toEqual(["7", "7", "7"]);
});

it.each(["{i: i for i in range(600_000)}", "list(range(1_000_000))", "frozenset(range(1_000_000))"])(
  "a change of an object is seen behind %s",
  async (large) => {
    const apply = (await bench.worker(source(`table = ${large}\n${Holder}`, "net.w = int(name)", "net.w"))).applying();
    expect([(await apply("1")).found, (await apply("2")).found, (await apply("1")).found]).toEqual(["1", "2", "1"]);
  },
);

it.each([
  [
    "a lazy attribute",
    "import functools\nclass C:\n    @functools.cached_property\n    def p(self): return 7\nnet = C()",
    "net.p",
    [false, false, true],
  ],
  ["an equal float", `${Holder}\nnet.w = 0.5`, "net.w = float('0.5')", [false, true, true]],
  [
    "a lazy module",
    "import types\nclass Lazy(types.ModuleType):\n    def __getattr__(self, name):\n        self.__dict__[name] = 1\n        return 1\nnet = Lazy('lazy')",
    "net.part",
    [false, true, true],
  ],
])("a worker keeps models whose load first makes %s", async (_, top, load, was) => {
  const apply = (await bench.worker(source(top, load, "1"))).applying();
  expect([(await apply("a")).was, (await apply("a")).was, (await apply("a")).was]).toEqual(was);
});

it.each([
  ["an attribute", `${Holder}\nnet.w = 0`, "net.w = 0", "(setattr(net, 'w', net.w + 1), net.w)[1]", "1"],
  ["an array", "import numpy as np\nnet = np.zeros(3)", "net.fill(0)", "(net.__iadd__(1), int(net.sum()))[1]", "3"],
])("a load that puts back %s, as the top level left it, does so for each call", async (_, top, load, applied, each) => {
  const apply = (await bench.worker(source(top, load, applied))).applying();
  const found: string[] = [];
  for (let i = 0; i < 6; i++) found.push((await apply("m")).found);
  expect(found).toEqual(Array(6).fill(each));
});

it.each([
  ["counts calls", `${Holder}\nnet.w = 0`, "pass"],
  [
    "counts calls, where load makes it ready",
    "import functools\nclass C:\n    w = 0\n    @functools.cached_property\n    def p(self): return 7\nnet = C()",
    "net.p",
  ],
  ["counts calls, and another one is made ready", `${Holder}\nnet.w = 0\nother = Holder()`, "other.w = 1"],
])("a model stays in memory where an object only %s", async (_, top, load) => {
  const apply = (await bench.worker(source(top, load, "(setattr(net, 'w', net.w + 1), net.w)[1]"))).applying();
  const were: unknown[] = [];
  for (let i = 0; i < 7; i++) were.push((await apply("m")).was);
  expect(were.slice(4)).toEqual([true, true, true]);
});

it.each(["(1, (2, 'x'))", "np.float64(1.5)", "datetime.date(2026, 1, 2)", "datetime.timedelta(1)", "decimal.Decimal('1.50')"])(
  "a load that sets %s again changes nothing",
  async (value) => {
    const apply = (
      await bench.worker(
        source(`import datetime, decimal\nimport numpy as np\n${Holder}\nnet.w = eval("${value}")`, `net.w = eval("${value}")`, "1"),
      )
    ).applying();
    const were = [await apply("a"), await apply("a"), await apply("b"), await apply("a")].map(({ was }) => was);
    expect(were).toEqual([false, true, false, true]);
  },
);
