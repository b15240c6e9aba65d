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
