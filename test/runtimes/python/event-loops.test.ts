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
  ["a job of its executor", "loop.run_in_executor(None, time.sleep, 0.01).add_done_callback(LATER.append)"],
  ["a thread", "threading.Thread(target=lambda: (time.sleep(0.01), loop.call_soon_threadsafe(LATER.append, 1))).start()"],
  ["an executor", "loop.set_default_executor(pool); LATER.extend([1] * (loop._default_executor is not pool))"],
  ["what it reads", "one, two = socket.socketpair(); two.send(b'1'); loop.add_reader(one, LATER.append, 1); KEPT.append((one, two))"],
  ["a generator that it left open", "KEPT.append(left()); loop.run_until_complete(KEPT[-1].__anext__())"],
  ["an attribute", "LATER.extend(vars(loop).get('ours', [])); loop.ours = [1]"],
])("leaves nothing of a call to the next: %s", async (_, left) => {
  const top = [
    "import socket, threading, time",
    "from concurrent.futures import ThreadPoolExecutor",
    "class Held: pass",
    "LATER = Held(); LATER.all = []; LATER.kept = []; pool = ThreadPoolExecutor(1)",
    "async def left():",
    "    try: yield 1",
    "    finally: LATER.all.append(1)",
  ];
  const body = [
    "loop = asyncio.get_event_loop()",
    "loop.call_exception_handler({'message': 'nothing'})",
    "loop.run_until_complete(asyncio.sleep(0.01))",
    "found = len(LATER.all)",
    left.replaceAll("LATER", "LATER.all").replaceAll("KEPT", "LATER.kept").replace("loop.call_exception_handler({})", "None"),
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

it("gives each call the ports that an earlier one listened on, and a loop whose executor works", async () => {
  const server = "loop.run_until_complete(asyncio.start_server(lambda *_: None, '127.0.0.1', PORT))";
  const body = [
    "loop = asyncio.get_event_loop()",
    server,
    "with ThreadPoolExecutor(1) as pool:",
    "    loop.set_default_executor(pool)",
    "    found = loop.run_until_complete(loop.run_in_executor(None, int, '1'))",
  ];
  const port = ["import socket", "from concurrent.futures import ThreadPoolExecutor", "with socket.socket() as one:"];
  const top = [...port, "    one.bind(('127.0.0.1', 0)); PORT = one.getsockname()[1]"];
  expect(await answers(body, 3, top)).toEqual(["1", "1", "1"]);
});

// What contended for a loop once belongs to it.
it.each([
  ["a semaphore", "asyncio.Semaphore(1)", "asyncio.run(all(model))"],
  ["a queue", "asyncio.Queue(1)", "asyncio.run(through(model))"],
  [
    "a semaphore, and a loop of each call's own",
    "asyncio.Semaphore(1)",
    "own = asyncio.new_event_loop(); own.run_until_complete(all(model)); own.close()",
  ],
  [
    "a semaphore, and a loop that goes on",
    "asyncio.Semaphore(1)",
    "loop = asyncio.get_event_loop(); loop.run_until_complete(all(model)); loop.call_later(9, int)",
  ],
])("loads a model that belongs to the loop of an earlier call again: %s", async (_, made, run) => {
  const through = [
    "async def through(queue):",
    "    await asyncio.gather(*(queue.put(i) for i in range(2)), *(queue.get() for i in range(2)))",
  ];
  expect(await answers([run, "found = 1"], 4, [`def load(name): return ${made}`, ...waits, ...through])).toEqual(["1", "1", "1", "1"]);
});

it("keeps a model in memory where it is something else that holds each call's loop", async () => {
  const top = ["class Held: pass", "held = Held(); held.loops = []", "async def ours(): held.loops.append(asyncio.get_running_loop())"];
  const load = ["def load(name):", "    with open(os.environ['COMPUTE_BRIDGE_HOME'] + '/loads', 'a') as file: file.write('x')"];
  const body = ["asyncio.run(ours())", "found = os.path.getsize(os.environ['COMPUTE_BRIDGE_HOME'] + '/loads')"];
  expect((await answers(body, 8, [...top, ...load])).slice(-3)).toEqual(Array(3).fill(expect.stringMatching(/^[2-6]$/)));
});
