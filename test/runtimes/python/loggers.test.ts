import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Bench, python } from "../bench.ts";

it("loggers that calls make are no more in the next, wherever a call puts them, and the top level's stay", async () => {
  await using bench = await Bench.open();
  const source = [
    "import logging, uuid",
    "top = logging.getLogger('top.level')",
    "kept = []",
    "class Holder: pass",
    "holder = Holder()",
    "def apply(model, df, param):",
    "    global last",
    "    before, level = len(logging.root.manager.loggerDict), logging.getLogger('top').level",
    "    own = [logging.getLogger(f'{uuid.uuid4()}.a.b') for _ in range(3)]",
    "    last = own[0]",
    "    kept.append(own[1])",
    "    logging.getLogger('top').setLevel('ERROR')",
    "    logging.getLogger(f'top.level.{uuid.uuid4()}').warning('told')",
    "    return [{'before': before, 'same': logging.getLogger('top.level') is top, 'level': level}]",
    "def holds(model, df, param):",
    "    before = len(logging.root.manager.loggerDict)",
    "    holder.log = logging.getLogger(str(uuid.uuid4()))",
    "    cycle = [logging.getLogger(str(uuid.uuid4()))]",
    "    cycle.append(cycle)",
    "    return [{'before': before}]",
  ].join("\n");
  const probe = await bench.worker(`${source}\n`);
  const call = async (method: string) => (await probe.call("a\n1\n", { method })).csv;
  await call("apply"); // what is imported lazily for it has loggers, too; so has `top`, of which the top level made a part
  const second = await call("apply");
  expect(second).toMatch(/^before,same,level\n\d+,True,0\n$/);
  for (let n = 0; n < 5; n++) expect(await call("apply")).toBe(second);
  const counts = [];
  for (let n = 0; n < 300; n++) counts.push(Number((await call("holds")).split("\n")[1]));
  // What an object holds, or a cycle, is looked at again after a hundred.
  expect(Math.max(...counts) - Math.min(...counts)).toBeLessThan(110);
});

it("a logger that something still holds stays the one of its name, and says what it is told", () => {
  const script = [
    "import logging, sys, types",
    `sys.path.insert(0, ${JSON.stringify(join(import.meta.dirname, "../../../runtimes/python"))})`,
    "from worker.loggers import Loggers",
    "logging.basicConfig(format='%(name)s %(message)s', stream=sys.stdout)",
    "below = logging.getLogger('lib.part.known')",
    "loggers = Loggers()",
    "imported = types.ModuleType('lib')",
    "imported.log = logging.getLogger('lib.part')",
    "imported.inner = logging.getLogger('other.deep.inner')",
    "imported.log.addHandler(logging.NullHandler())",
    "def call(n):",
    "    logging.getLogger(f'other.deep.x{n}').addHandler(logging.StreamHandler())",
    "    logging.getLogger(f'other.y{n}')",
    "    logging.getLogger('lib').setLevel(logging.INFO)",
    "for n in range(3):",
    "    call(n)",
    "    loggers.restore()",
    "assert logging.getLogger('lib.part') is imported.log and imported.log.handlers == []",
    "assert logging.getLogger('other.deep.inner') is imported.inner",
    "assert below.parent is imported.log and imported.log.parent is logging.getLogger('lib')",
    "assert imported.inner.parent is logging.root",
    "assert logging.getLogger('other.deep').parent is logging.root",
    "assert imported.inner.parent is logging.getLogger('other.deep')",
    "logging.getLogger('other').setLevel(logging.ERROR)",
    "imported.inner.warning('is not told'), imported.inner.error('is told')",
    "imported.log.warning('too')",
    "loggers.restore()",
    "print(sorted(name for name in logging.root.manager.loggerDict if name.startswith(('other', 'lib'))))",
  ].join("\n");
  expect(execFileSync(python, ["-c", script], { encoding: "utf8" })).toBe(
    "other.deep.inner is told\nlib.part too\n['lib', 'lib.part', 'lib.part.known', 'other', 'other.deep', 'other.deep.inner']\n",
  );
});
