import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Algorithm } from "#contract/algorithm.ts";
import { main, type RunningBridge } from "../../server/main.ts";
import { saveNotebook } from "./support/bridge.ts";

let home: string;
let bridge: RunningBridge | undefined;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "bridge-"));
  await mkdir(join(home, "notebooks"), { recursive: true });
});
afterAll(async () => {
  await bridge?.close();
  await rm(home, { recursive: true, force: true });
});

const saying = (value: string) => `def apply(model, df, param):\n    return {"said": ["${value}"]}\n`;
async function lay(path: string) {
  const file = join(home, "app/model", path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, saying("module"));
}
const save = (name: string) => saveNotebook(join(home, "notebooks", `${name}.ipynb`), [saying("notebook")]);
async function ask(path: string, init: RequestInit = {}) {
  const headers = { authorization: `Bearer ${bridge?.token}`, "content-type": "text/csv" };
  return await fetch(new URL(path, bridge?.url), { ...init, headers });
}
const find = async (name: string) => (await (await ask(`/v1/algorithms/${name}`)).json()) as Partial<Algorithm>;
const said = async (name: string) =>
  (await (await ask(`/v1/compute?algorithm=${name}&method=apply`, { method: "POST", body: "a\n1\n" })).text()).split("\n")[1];
const names = ["package_and_notebook", "file_and_notebook", "notebook_first", "module_first"];
async function all() {
  const found: Record<string, unknown> = {};
  for (const name of names) {
    const { state, notebook, problems = [] } = await find(name);
    const codes = problems.map(({ code, file }) => `${code} ${file ?? ""}`.trim());
    found[name] = [await said(name), state, notebook, ...codes];
  }
  return found;
}
let starts = 0;
/** Starts it; what lies there has been told when a module that came after the start is live. */
async function up() {
  await bridge?.close();
  bridge = await main({
    ...{ PATH: process.env.PATH, BRIDGE_HOME: home, BRIDGE_PORT: "0", BRIDGE_JUPYTER: "off", BRIDGE_LOG: "error" },
    ...(process.env.BRIDGE_PYTHON ? { BRIDGE_PYTHON: process.env.BRIDGE_PYTHON } : {}),
  });
  const marker = `marker_${++starts}`;
  await lay(`${marker}.py`);
  await expect.poll(async () => (await find(marker)).state, { timeout: 30_000 }).toBe("live");
}

it("of a notebook and a module of one name the one that was live keeps it over restarts, else the notebook has it", async () => {
  await lay("package_and_notebook/__init__.py");
  await save("package_and_notebook");
  await lay("file_and_notebook.py");
  await save("file_and_notebook");
  await save("notebook_first");
  await lay("module_first/__init__.py");
  await up();
  for (const name of names) await said(name);
  await lay("notebook_first/__init__.py");
  await save("module_first");
  const expected = {
    package_and_notebook: ["notebook", "live", "package_and_notebook.ipynb", "module-ignored package_and_notebook/__init__.py"],
    file_and_notebook: ["notebook", "live", "file_and_notebook.ipynb", "module-replaced file_and_notebook.py"],
    notebook_first: ["notebook", "live", "notebook_first.ipynb", "module-ignored notebook_first/__init__.py"],
    module_first: ["module", "failing", "module_first.ipynb", "name-claimed-twice"],
  };
  await expect.poll(all, { timeout: 30_000 }).toEqual(expected);
  for (let i = 0; i < 3; i++) {
    await up();
    expect(await all()).toEqual(expected);
  }
  const [kept = ""] = (await readdir(join(home, "app/model/.replaced"))).filter((each) => each.startsWith("file_and_notebook.py"));
  expect(await readFile(join(home, "app/model/.replaced", kept), "utf8")).toBe(saying("module"));

  await saveNotebook(join(home, "notebooks/notebook_first.ipynb"), [saying("notebook"), "x = 1"]);
  await lay("module_first/more.py");
  await expect.poll(async () => (await ask("/v1/versions?algorithm=module_first")).json(), { timeout: 30_000 }).toHaveLength(2);
  await expect.poll(all, { timeout: 30_000 }).toEqual(expected);
}, 180_000);
