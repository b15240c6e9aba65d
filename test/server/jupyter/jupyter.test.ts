import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Conflict, JupyterFailed, NotFound } from "#contract/errors.ts";
import { contentOf } from "../../../notebook-exporter/content.ts";
import { connectJupyter, type JupyterClient } from "../../../server/jupyter/client.ts";
import { startJupyter } from "../../../server/jupyter/start.ts";
import { jupyter, notebook, python, type RunningJupyter, runningJupyter, until } from "./running.ts";

let running: RunningJupyter;
let client: JupyterClient;
beforeAll(async () => {
  running = await runningJupyter({ env: { PATH: process.env.PATH, HOME: process.env.HOME, api_token: "not for kernels" } });
  client = connectJupyter(running.root, running.jupyter.token);
});
afterAll(async () => {
  client?.[Symbol.dispose]();
  await running?.[Symbol.asyncDispose]();
});

/** What the cells print, run in a real kernel. */
async function printed(name: string, ...cells: string[]): Promise<string> {
  await client.createNotebook(name, notebook(...cells));
  let text = "";
  await client.execute(name, undefined, ({ output }) => {
    text += output.text ?? "";
  });
  return text.trim();
}

describe("JupyterLab beside the bridge", () => {
  it("lets nobody in without the token, which it never logs", async () => {
    const status = async (headers = {}) => (await fetch(`${running.root}/api/contents`, { headers })).status;
    expect([await status(), await status({ authorization: "token wrong" })]).toEqual([403, 403]);
    expect(await status({ authorization: `token ${running.jupyter.token}` })).toBe(200);
    expect(running.jupyter.token).toMatch(/^[0-9a-f]{64}$/);
    expect(running.lines.length).toBeGreaterThan(0);
    expect(running.lines.join("\n")).not.toContain(running.jupyter.token);
  });

  it("keeps what it writes from other users", async () => {
    expect((await stat(join(running.home, ".bridge/jupyter"))).mode & 0o777).toBe(0o700);
  });

  it("lets notebooks import compute_bridge, as workers do, and a user's own of that name before it", async () => {
    const code = "import compute_bridge\nprint(getattr(compute_bridge, 'whose', compute_bridge.__name__))";
    expect(await printed("ours.ipynb", code)).toBe("compute_bridge");
    await writeFile(join(running.home, "notebooks/compute_bridge.py"), "whose = 'own'\n");
    expect(await printed("own.ipynb", code)).toBe("own");
    await rm(join(running.home, "notebooks/compute_bridge.py"));
  });

  it("opens Lab and each notebook at an address", async () => {
    expect((await fetch(running.jupyter.address())).status).toBe(200);
    expect(running.jupyter.editorAddress("a b/ü.ipynb")).toBe(`${running.root}/lab/tree/a%20b/%C3%BC.ipynb`);
  });

  it("has one kernel, the models' Python, niced, in the notebooks folder, without the bridge's secrets", async () => {
    const specs = await fetch(`${running.root}/api/kernelspecs`, { headers: { authorization: `token ${running.jupyter.token}` } });
    expect(Object.keys(((await specs.json()) as { kernelspecs: object }).kernelspecs)).toEqual(["python3"]);
    const code =
      "import os, sys, json\nprint(json.dumps([sys.prefix, os.nice(0), os.getcwd(), os.environ.get('api_token'), os.environ['BRIDGE_HOME']]))";
    const [prefix, nice, folder, secret, home] = JSON.parse(await printed("kernel.ipynb", code));
    expect(prefix).toBe(resolve(python, "../.."));
    expect(nice - (await bridgeNice())).toBe(10);
    expect([folder, secret, home]).toEqual([join(running.home, "notebooks"), null, running.home]);
  });

  it("imports live modules as workers do", async () => {
    await mkdir(join(running.home, "app/model"), { recursive: true });
    await writeFile(join(running.home, "app/model/seven.py"), "def seven():\n    return 7\n");
    expect(await printed("import.ipynb", "from app.model.seven import seven\nprint(seven())")).toBe("7");
  });

  it("reads the old model-data path as this BRIDGE_HOME's", async () => {
    await mkdir(join(running.home, "app/model/data"), { recursive: true });
    await writeFile(join(running.home, "app/model/data/weights.txt"), "heavy");
    expect(await printed("paths.ipynb", "print(open('/srv/app/model/data/weights.txt').read())")).toBe("heavy");
  });

  it("reads old paths in the modules that a cell imports as workers do, when they are imported anew, too", async () => {
    const text = (file: string) => `import json\nFILES = ["/srv/app/model/data/${file}", f"/srv/notebooks/{'data'}/x.csv", "/srv/other"]\n`;
    await mkdir(join(running.home, "app/model/nested"), { recursive: true });
    await writeFile(join(running.home, "app/model/old_paths.py"), text("one"));
    await writeFile(join(running.home, "app/model/nested/__init__.py"), text("two"));
    await writeFile(join(running.home, "app/model/anew.py"), text("first"));
    const seen = await printed(
      "modules.ipynb",
      "from app.model import old_paths, nested, anew\nimport importlib, inspect",
      `with open('${running.home}/app/model/anew.py', 'a') as file: file.write('FILES[0] = "/srv/app/model/data/second"')`,
      "importlib.reload(anew)\nprint(old_paths.json.dumps([old_paths.FILES, nested.FILES[0], anew.FILES[0], 'srv/notebooks' in inspect.getsource(old_paths)]))",
    );
    const data = join(running.home, "app/model/data");
    expect(JSON.parse(seen)).toEqual([
      [join(data, "one"), join(running.home, "notebooks/data/x.csv"), "/srv/other"],
      join(data, "two"),
      join(data, "second"),
      true,
    ]);
  });

  it("says each saved notebook's path to the bridge, and no other file's", async () => {
    await fetch(`${running.root}/api/contents/plain.txt`, {
      method: "PUT",
      headers: { authorization: `token ${running.jupyter.token}` },
      body: JSON.stringify({ type: "file", format: "text", content: "x" }),
    });
    await client.createNotebook("told.ipynb", notebook("1"));
    await until(() => running.saved.includes(join(running.home, "notebooks/told.ipynb")));
    expect(running.saved.filter((path) => !path.endsWith(".ipynb"))).toEqual([]);
  });

  it("announces what of a notebook counts before it writes it", async () => {
    const path = join(running.home, "notebooks/announced.ipynb");
    const content = notebook("x = 1", "print('ü')");
    Object.assign(content.cells[0] as object, { outputs: [{ output_type: "stream", name: "stdout", text: "much" }], execution_count: 3 });
    Object.assign(content.metadata, { widgets: { state: {} } });
    await client.createNotebook("announced.ipynb", content);
    const said = await until(() => running.announced.find((each) => each.path === path));
    await until(() => running.saved.includes(path));
    expect(said.wasSaved).toBe(false);
    expect(JSON.stringify(said.notebook)).not.toMatch(/much|widgets/);
    expect(contentOf(said.notebook)).toBe(contentOf(JSON.parse(await readFile(path, "utf8"))));
  });
});

describe("the client", () => {
  it("creates a notebook and never overwrites one", async () => {
    const created = await client.createNotebook("new.ipynb", notebook("1 + 1"));
    expect(created.hash).not.toBe("");
    await expect(client.createNotebook("new.ipynb", notebook("2"))).rejects.toThrow(Conflict);
    expect((await client.open("new.ipynb")).content.cells[0]?.source).toBe("1 + 1");
  });

  it("saves what was read and refuses what changed meanwhile", async () => {
    const first = await client.createNotebook("save.ipynb", notebook("1"));
    const second = await client.save("save.ipynb", notebook("2"), { ifHash: first.hash });
    await expect(client.save("save.ipynb", notebook("3"), { ifHash: first.hash })).rejects.toThrow(Conflict);
    expect(await readFile(join(running.home, "notebooks/save.ipynb"), "utf8")).toContain('"2"');
    const outcomes = await Promise.allSettled(["a", "b"].map((code) => client.save("save.ipynb", notebook(code), { ifHash: second.hash })));
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
  });

  it("says what is not there", async () => {
    await expect(client.open("nowhere.ipynb")).rejects.toThrow(NotFound);
    await expect(client.save("nowhere.ipynb", notebook(), { ifHash: "" })).rejects.toThrow(NotFound);
  });

  it("gives every kind of output with its cell", async () => {
    await client.createNotebook("outputs.ipynb", notebook("print('a')", "2 + 3"));
    const outputs: unknown[] = [];
    expect(await client.execute("outputs.ipynb", undefined, ({ cell, output }) => outputs.push([cell, output.output_type]))).toBe(2);
    expect(outputs).toEqual([
      [1, "stream"],
      [2, "execute_result"],
    ]);
  });

  it("stops at the first error, with the cell's number and traceback, and leaves no kernel behind", async () => {
    const content = notebook("print(1)", "1 / 0", "print('never')");
    content.cells.unshift({ ...content.cells[0]!, id: "text", cell_type: "markdown", source: "# Title" });
    await client.createNotebook("error.ipynb", content);
    const texts: unknown[] = [];
    const failed = await client.execute("error.ipynb", undefined, ({ output }) => texts.push(output.text)).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(JupyterFailed);
    expect((failed as Error).message).toMatch(/^Cell 3 of error\.ipynb ended with ZeroDivisionError: division by zero\n.*1 \/ 0/s);
    expect(texts).not.toContain("never\n");
    const kernels = await fetch(`${running.root}/api/kernels`, { headers: { authorization: `token ${running.jupyter.token}` } });
    expect(await kernels.json()).toEqual([]);
  });

  it("says when a cell ended its kernel", async () => {
    await client.createNotebook("crash.ipynb", notebook("import os\nos._exit(3)"));
    await expect(client.execute("crash.ipynb", [1])).rejects.toThrow(/Cell 1 of crash\.ipynb ended the kernel/);
  });

  it("says that the token is wrong", async () => {
    using stranger = connectJupyter(running.root, "wrong");
    await expect(stranger.open("new.ipynb")).rejects.toThrow(JupyterFailed);
  });
});

it("does not take another port than it was told", async () => {
  const log = { info() {}, warn() {}, error() {} };
  const { port } = running.jupyter;
  await expect(startJupyter({ jupyter, python, home: running.home, port, log })).rejects.toThrow(/in use/);
});

async function bridgeNice(): Promise<number> {
  return (await import("node:os")).getPriority();
}

it("starts without running yarn in the Node that is on the PATH", async () => {
  const folder = await mkdtemp(join(tmpdir(), "node-"));
  const ran = join(folder, "ran");
  await writeFile(join(folder, "node"), `#!/bin/sh\necho "$@" >> ${ran}\necho "pages of code" >&2\nexit 1\n`, { mode: 0o755 });
  await using other = await runningJupyter({ env: { ...process.env, PATH: `${folder}:${process.env.PATH}` } });
  expect((await fetch(other.jupyter.address())).status).toBe(200);
  expect(other.lines.join("\n")).not.toMatch(/yarn|pages of code/);
  expect(await readFile(ran, "utf8").catch(() => "")).not.toContain("yarn");
  await rm(folder, { recursive: true });
});
