import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { startCheck } from "../../notebook-exporter/check.ts";
import { allRuntimes } from "../../runtimes/index.ts";
import { homeAt, prepareHome } from "../../server/compute/home.ts";
import { type Publisher, startPublisher } from "../../server/compute/publisher.ts";
import { startsIn } from "../../server/compute/starts.ts";
import { environmentFinder } from "../../server/environments/index.ts";
import { localEnvironment } from "../../server/environments/local/environment.ts";
import { openStore } from "../../server/store/open.ts";
import type { Store } from "../../server/store/store.ts";
import { type Pool, startPool } from "../../server/workers/pool.ts";
import { python } from "../notebook-exporter/python.ts";

const clock = { now: () => new Date().toISOString(), ticks: () => performance.now() };
const ignore = () => {};
const log = { info: ignore, warn: ignore, error: ignore };
const stack = new AsyncDisposableStack();
let root = "";
let store: Store;
let pool: Pool;
let publisher: Publisher;
let name = "";
let number = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "announced-"));
  stack.defer(() => rm(root, { recursive: true, force: true }));
  const home = homeAt(root);
  await prepareHome(home, join(root, "none")).catch(ignore);
  store = stack.use(await openStore({ file: join(root, "store.sqlite"), clock, log, keepRuns: 100 }));
  const environment = stack.use(localEnvironment({ log }));
  pool = stack.use(startPool({ queueLimit: 10, memoryBytes: 2 ** 32, clock, log }));
  const check = stack.use(startCheck({ python }));
  const starts = startsIn(home, allRuntimes({ python, env: process.env, modelBytes: 2 ** 30 }), environmentFinder([environment]));
  publisher = stack.use(await startPublisher({ store, pool, starts, check, home, watch: "notify", clock, log }));
});
afterAll(() => stack.disposeAsync());
vi.setConfig({ testTimeout: 60_000 });
beforeEach(() => {
  name = `algorithm_${++number}`;
});

const at = () => join(root, "notebooks", `${name}.ipynb`);
/** Each import leaves a line in a file. */
const counted = (code: string) => `open(${JSON.stringify(join(root, `${name}.count`))}, "a").write("i")\n${code}`;
const imports = async () => (await readFile(join(root, `${name}.count`), "utf8").catch(() => "")).length;
const notebook = (source: string, outputs: object[] = []) => ({
  nbformat: 4,
  nbformat_minor: 5,
  metadata: { kernelspec: { name: "python3", language: "python", display_name: "Python 3" } },
  cells: [{ cell_type: "code", id: "a", metadata: { tags: ["export"] }, source, outputs, execution_count: null }],
});
const answering = (value: string) => `def apply(model, df, param):\n    return {"said": ["${value}"]}\n`;
const known = async () => {
  await publisher.settled(name, { notebook: `${name}.ipynb`, isLive: false });
  return await store.algorithms.find(name);
};
const save = async (source: string) => writeFile(at(), JSON.stringify(notebook(source, [{ output_type: "stream", text: "o" }])));
const announce = (source: string) => publisher.announced(at(), notebook(source));
const workers = () =>
  pool
    .snapshot()
    .workers.map(({ key }) => key)
    .filter((key) => key.startsWith(`${name}@`));
const versions = () => readdir(join(root, "app/model/.versions", name));

it("a notebook that is saved as it was announced was imported before, once, and serves", async () => {
  await save(counted(answering("one")));
  const first = await known();
  expect([first?.state, await imports()]).toEqual(["live", 1]);
  announce(counted(answering("two")));
  await expect.poll(imports, { timeout: 10_000 }).toBe(2);
  expect((await store.algorithms.find(name))?.live).toBe(first?.live);
  await save(counted(answering("two")));
  const second = await known();
  expect([second?.state, second?.problems, await imports()]).toEqual(["live", [], 2]);
  expect((await versions()).sort()).toEqual([first?.live, second?.live].sort());
  expect(workers()).toEqual([`${name}@${second?.live}/local`]);
  expect(await readFile(join(root, "app/model", `${name}.py`), "utf8")).toContain("two");
});

it("one that is never written leaves nothing behind, and the live version serves on", async () => {
  await save(counted(answering("one")));
  const first = await known();
  announce(counted(answering("never")));
  await expect.poll(imports, { timeout: 10_000 }).toBe(2);
  expect(await versions()).toHaveLength(2);
  await expect.poll(versions, { timeout: 10_000 }).toEqual([first?.live]);
  await expect.poll(workers).toEqual([`${name}@${first?.live}/local`]);
  expect(await store.algorithms.find(name)).toEqual(first);
});

it("another content than was announced goes live as ever, and of the announced one nothing stays", async () => {
  await save(counted(answering("one")));
  const first = await known();
  announce(counted(answering("announced")));
  await expect.poll(imports, { timeout: 10_000 }).toBe(2);
  await save(counted(answering("written")));
  const second = await known();
  expect(second?.state).toBe("live");
  await expect.poll(async () => (await versions()).sort(), { timeout: 10_000 }).toEqual([first?.live, second?.live].sort());
  await expect.poll(workers).toEqual([`${name}@${second?.live}/local`]);
  // It can go live afterwards.
  await sleep(100);
  await save(counted(answering("announced")));
  expect((await known())?.state).toBe("live");
  expect(await readFile(join(root, "app/model", `${name}.py`), "utf8")).toContain("announced");
});

it("a version whose folder was deleted since it was announced is written anew", async () => {
  await save(answering("one"));
  const first = await known();
  await save(answering("two"));
  const second = await known();
  announce(answering("one"));
  await expect.poll(workers, { timeout: 10_000 }).toContain(`${name}@${first?.live}/local`);
  await sleep(300);
  await rm(join(root, "app/model/.versions", name, first?.live ?? ""), { recursive: true });
  await save(answering("one"));
  expect(await known()).toMatchObject({ state: "live", live: first?.live, problems: [] });
  expect((await versions()).sort()).toEqual([first?.live, second?.live].sort());
});

it("what cannot go live is told of in the same words, announced or not", async () => {
  const sources = [
    `${answering("fine")}\nX = 1\n`,
    "def apply(model, df, param:\n",
    `raise KeyError("import")\n${answering("x")}`,
    "def apply(model):\n    return model\n",
    "apply = lambda model: model\n",
    `import not_there_at_all\n${answering("x")}`,
    `${answering("x")}\ndef fit(model, df, param):\n    return undefined_name\n`,
    `import os\nos._exit(3)\n${answering("x")}`,
    "x = 1\n",
  ];
  for (const source of sources) {
    await save(answering("first"));
    await known();
    const live = (await known())?.live;
    await save(source);
    const plain = await known();
    await save(answering("first"));
    expect((await known())?.live).toBe(live);
    announce(source);
    await sleep(20);
    await save(source);
    const announced = await known();
    expect({ ...announced, exportedAt: "" }).toEqual({ ...plain, exportedAt: "" });
  }
});

it("what is announced of a notebook that is not there yet, or holds what is live, is not begun", async () => {
  announce(counted(answering("new")));
  await sleep(300);
  expect(await imports()).toBe(0);
  await save(counted(answering("new")));
  await known();
  announce(counted(answering("new")));
  publisher.announced("/elsewhere/a.ipynb", notebook(counted(answering("elsewhere"))));
  publisher.announced(at(), { cells: "none" });
  await sleep(300);
  expect([await imports(), (await versions()).length]).toEqual([1, 1]);
  await appendFile(at(), "\n");
  expect((await known())?.state).toBe("live");
});
