import { afterAll, beforeAll, expect, it } from "vitest";
import { Bench } from "../bench.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.open();
});
afterAll(async () => bench[Symbol.asyncDispose]());

/** What apply answers, call by call. @param body its lines, which set `found` */
async function answers(body: string[], calls: number, top: string[] = []): Promise<string[]> {
  const lines = ["import asyncio, os", ...top, "def apply(model, df, param):", ...body.map((line) => `    ${line}`)];
  const probe = await bench.worker([...lines, "    return [{'found': found}]"].join("\n"));
  const model = { name: "m", key: "m@1", folder: await bench.modelFolder(), shared: bench.home.data };
  const found: string[] = [];
  while (found.length < calls) {
    const { csv, error } = await probe.call("a\n1\n", { model });
    found.push(error ? `${error.type}: ${error.message}` : (csv.split("\n")[1] ?? ""));
  }
  return found;
}

const waits = [
  "async def one(sem):",
  "    async with sem:",
  "        await asyncio.sleep(0)",
  "async def all(sem):",
  "    await asyncio.gather(*(one(sem) for _ in range(4)))",
];

it.each([
  ["the model", ["def load(name): return asyncio.Semaphore(1)"], "model"],
  ["the top level", ["def load(name): return None", "SEM = asyncio.Semaphore(1)"], "SEM"],
])("serves calls one after the other with a semaphore of %s", async (_, top, semaphore) => {
  const body = [`asyncio.get_event_loop().run_until_complete(all(${semaphore}))`, "found = 1"];
  expect(await answers(body, 3, [...top, ...waits])).toEqual(["1", "1", "1"]);
});

it.each([
  ["a timer", "loop.call_later(0, LATER.append, 1)"],
  ["a callback", "loop.call_soon(LATER.append, 1)"],
  ["a task", "loop.create_task(later())"],
  ["a handler of errors", "loop.set_exception_handler(lambda *_: LATER.append(1)); loop.call_exception_handler({})"],
  ["an attribute", "LATER.extend(vars(loop).get('ours', [])); loop.ours = [1]"],
])("leaves nothing of a call to the next: %s", async (_, left) => {
  const top = ["import functools", "class Held: pass", "LATER = Held(); LATER.all = []"];
  const body = [
    "loop = asyncio.get_event_loop()",
    "loop.call_exception_handler({'message': 'nothing'})",
    "loop.run_until_complete(asyncio.sleep(0.01))",
    "found = len(LATER.all)",
    left.replaceAll("LATER", "LATER.all").replace("loop.call_exception_handler({})", "None"),
  ];
  const later = ["async def later():", "    await asyncio.sleep(0)", "    LATER.all.append(1)"];
  expect(await answers(body, 3, [...top, ...later])).toEqual(["0", "0", "0"]);
});

it.runIf(process.platform === "linux").each([
  ["a global", ["global loop", "loop = asyncio.get_event_loop()"]],
  ["a global, with a task that waits", ["global loop", "loop = asyncio.get_event_loop()", "loop.create_task(asyncio.sleep(1000))"]],
  ["an object", ["keeper.loop = loop = asyncio.get_event_loop()"]],
  ["an object, with a task that waits", ["keeper.loop = loop = asyncio.get_event_loop()", "loop.create_task(asyncio.sleep(1000))"]],
])("closes the loops of earlier calls that are in %s", async (_, body) => {
  const count = ["loop.run_until_complete(asyncio.sleep(0))", "found = len(os.listdir('/proc/self/fd'))"];
  const found = (await answers([...body, ...count], 60, ["class Keeper: pass", "keeper = Keeper()"])).map(Number);
  // Three descriptors each.
  expect(Math.max(...found) - Math.min(...found)).toBeLessThanOrEqual(30);
});
