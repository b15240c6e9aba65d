import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, readdir, readFile, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { allRuntimes } from "../../../runtimes/index.ts";
import { Bench, type Probe, python } from "../bench.ts";

const textOf = (name: string) => readFileSync(join(import.meta.dirname, "modules", `${name}.py`), "utf8");

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.open();
});
afterAll(() => bench?.[Symbol.asyncDispose]());

describe("globals", () => {
  const fresh = `state\n"[0, {'a': 1}, ['x'], ['k'], False, [], 0]"\n`;
  let probe: Probe;
  beforeAll(async () => {
    probe = await bench.worker(textOf("globals"), { name: "globals", siblings: { shared_part: "seen = []\n" } });
  });

  it("each call finds them as the top level made them, those of siblings included", async () => {
    expect((await probe.call("a\n1\n")).csv).toBe(fresh);
    expect((await probe.call("a\n1\n")).csv).toBe(fresh);
  });

  it("functions and names that a call replaced or deleted are back", async () => {
    expect((await probe.call("a\n1\n", { method: "replaces" })).error).toBeUndefined();
    expect((await probe.call("a\n1\n")).csv).toBe(fresh);
  });

  it("a sibling that a call imports is as its top level made it, too", async () => {
    const source =
      "def apply(model, df, param):\n    from app.model import late\n    late.seen.append(1)\n    return [{'n': len(late.seen)}]\n";
    const late = await bench.worker(source, { siblings: { late: "seen = []\n" } });
    expect((await late.call("a\n1\n")).csv).toBe("n\n1\n");
    expect((await late.call("a\n1\n")).csv).toBe("n\n1\n");
    expect((await late.call("a\n1\n")).csv).toBe("n\n1\n");
  });
});

describe("what is imported", () => {
  const source = "def apply(model, df, param):\n    return df\n";
  it.each(["with space", "with.dot", "with-dash", "Ünïcode", "class", "3d"])("a file of any name: %s", async (name) => {
    const probe = await bench.worker(source, { name });
    expect((await probe.call("a\n1\n")).csv).toBe("a\n1\n");
  });

  it("siblings are the version's own, unrecorded ones those of the home", async () => {
    await mkdir(join(bench.home.model), { recursive: true });
    await writeFile(join(bench.home.model, "both.py"), "who = 'home'\n");
    await writeFile(join(bench.home.model, "only_home.py"), "who = 'home'\n");
    const probe = await bench.worker(
      "from app.model import both, only_home\ndef apply(model, df, param):\n    return [{'a': both.who, 'b': only_home.who}]\n",
      {
        siblings: { both: "who = 'version'\n" },
      },
    );
    expect((await probe.call("a\n1\n")).csv).toBe("a,b\nversion,home\n");
  });

  it.each([
    ["a syntax error", "x = 1\ndef f(:\n", "SyntaxError", "app/model/probe.py", 2],
    ["a sibling that raises", "\nfrom app.model import broken\n", "ZeroDivisionError", "app/model/broken.py", 2],
    ["exit", "import sys\nsys.exit('stop')\n", "SystemExit", "app/model/probe.py", 2],
    ["a library that is not there", "import absent_library\n", "ModuleNotFoundError", "app/model/probe.py", 1],
  ])("%s is an error with its place", async (_, text, type, file, line) => {
    const failed = bench.worker(text, { siblings: { broken: "x = 1\n1 / 0\n" } });
    await expect(failed).rejects.toMatchObject({ error: { phase: "import", type, file, line } });
  });

  it("entry points of the wrong arguments are told", async () => {
    const { ready } = await bench.worker(
      "def init(df): pass\nfit = 3\ndef apply(model, df, param, more=1): pass\ndef score(a, b, c): pass\ndef _hidden(a, b, c): pass\ndef two(a, b): pass\n",
    );
    expect(ready.entryPoints).toEqual(["init", "apply", "score"]);
    expect(ready.uncallable).toEqual({ init: "too many positional arguments", fit: "fit is no function but int" });
  });

  it("a worker's environment holds nothing of the bridge's", async () => {
    const [runtime] = allRuntimes({ python, env: { ...process.env, BRIDGE_SECRET: "s3cret" } });
    const probe = await bench.worker(
      "import os\ndef apply(model, df, param):\n    return [{'seen': 'BRIDGE_SECRET' in os.environ, 'home': os.environ['COMPUTE_BRIDGE_HOME']}]\n",
      { runtime },
    );
    expect((await probe.call("a\n1\n")).csv).toBe(`seen,home\nFalse,${bench.home.root}\n`);
  });

  it("two forked workers draw different random numbers", async () => {
    const draws =
      "import random\nimport numpy\nx, y = random.random(), numpy.random.rand()\ndef apply(model, df, param):\n    return [{'x': x, 'y': y}]\n";
    const [one, two] = [await bench.worker(draws), await bench.worker(draws)];
    const [a, b] = [(await one.call("a\n1\n")).csv.split(/[\n,]/), (await two.call("a\n1\n")).csv.split(/[\n,]/)];
    expect(a[2]).not.toBe(b[2]);
    expect(a[3]).not.toBe(b[3]);
  });
});

describe("old paths and model files", () => {
  let probe: Probe;
  beforeAll(async () => {
    await mkdir(join(bench.home.data, "folder"), { recursive: true });
    await writeFile(join(bench.home.data, "folder/inner.txt"), "inner");
    probe = await bench.worker(textOf("files"), { name: "files" });
  });

  it("constants that begin with an old path mean the home's, others stay", async () => {
    const root = bench.home.root;
    expect((await probe.call("a\n1\n", { method: "where" })).csv).toBe(
      `home,exact,other,alike,cwd\n${root}/notebooks/x.csv,${root}/notebooks,/srv/other,/srv/notebooksx,${root}\n`,
    );
  });

  it.each([
    ["read", "shared"],
    ["overwrite", "mine"],
    ["append", "shared and mine"],
    ["update", "MINEed"],
    ["nested", "shared"],
    ["rename", "shared and mine"],
    ["remove", "anew"],
  ])("a fit sees shared files, few or many, and changes only its own: %s", async (kind, seen) => {
    await writeFile(join(bench.home.data, "shared.txt"), "shared");
    await fitting(kind, seen);
    for (let n = 0; n < 300; n++) await writeFile(join(bench.home.data, `many${n}.txt`), "one of many");
    const folder = await fitting(kind, seen);
    // Of many only those that the code looked at.
    expect((await readdir(folder)).filter((name) => name.startsWith("many"))).toEqual([]);
    for (let n = 0; n < 300; n++) await rm(join(bench.home.data, `many${n}.txt`));
  });

  async function fitting(kind: string, seen: string): Promise<string> {
    const folder = await bench.modelFolder();
    const model = { name: "probe_default", key: null, folder, shared: bench.home.data };
    const { csv, error } = await probe.call("a\n1\n", { method: "fit", model, param: JSON.stringify({ kind }) });
    expect(error).toBeUndefined();
    expect(csv).toBe(`shared,own\n${seen},True\n`);
    expect(await readFile(join(folder, "probe_default.txt"), "utf8")).toBe("saved");
    expect(await readFile(join(bench.home.data, "shared.txt"), "utf8")).toBe("shared");
    expect(await readFile(join(bench.home.data, "folder/inner.txt"), "utf8")).toBe("inner");
    if (kind === "nested") expect(await readFile(join(folder, "folder/inner.txt"), "utf8")).toBe("mine");
    return folder;
  }

  it("many shared files are found however the code looks, and by links that move with the home", async () => {
    for (let n = 0; n < 300; n++) await writeFile(join(bench.home.data, `many${n}.txt`), "one of many");
    await mkdir(join(bench.home.data, ".models/x"), { recursive: true });
    const folder = join(bench.home.data, ".models/x/1");
    await mkdir(folder);
    const model = { name: "probe_default", key: null, folder, shared: bench.home.data };
    const { csv, error } = await probe.call("a\n1\n", { method: "looks", model, param: "{}" });
    expect(error).toBeUndefined();
    expect(csv).toBe(
      "exists,none,hidden,isfile,access,size,nested,folder,command,listed,globbed\n" +
        "True,False,False,True,True,11,inner,['inner.txt'],one of many,300,111\n",
    );
    expect(await readlink(join(folder, "many7.txt"))).toBe("../../../many7.txt");
    expect(await readlink(join(folder, "folder/inner.txt"))).toBe("../../../../folder/inner.txt");
    for (let n = 0; n < 300; n++) await rm(join(bench.home.data, `many${n}.txt`));
    // What an earlier release linked by an absolute path leads nowhere once the home was moved.
    await rm(join(folder, "shared.txt"), { force: true });
    await symlink("/nowhere/shared.txt", join(folder, "shared.txt"));
    expect((await probe.call("a\n1\n", { method: "apply", model, param: "{}" })).csv).toBe("shared,own\nshared,False\n");
  });

  it("an own file where a folder is shared stays the model's, and the rest is seen", async () => {
    await writeFile(join(bench.home.data, "shared.txt"), "shared");
    const folder = await bench.modelFolder();
    await writeFile(join(folder, "folder"), "mine");
    const model = { name: "probe_default", key: null, folder, shared: bench.home.data };
    expect((await probe.call("a\n1\n", { model, param: "{}" })).csv).toBe("shared,own\nshared,False\n");
    expect(await readFile(join(folder, "folder"), "utf8")).toBe("mine");
  });

  it("a folder that cannot be shown fails the call, not the worker", async () => {
    const source = [
      "import os, shutil",
      "def apply(model, df, param):",
      '    shutil.rmtree("/srv/app/model/data" + ".ready")',
      '    os.symlink("/nowhere", "/srv/app/model/data" + ".ready")',
      "def again(model, df, param):",
      "    return df",
    ].join("\n");
    const own = await bench.worker(`${source}\n`, { name: "blocks_link" });
    const [one, two] = [await bench.modelFolder(), await bench.modelFolder()];
    const model = (folder: string) => ({ name: "x", key: null, folder, shared: bench.home.data });
    await own.call("a\n1\n", { model: model(one) });
    const { error } = await own.call("a\n1\n", { method: "again", model: model(two) });
    expect(error).toMatchObject({ phase: "load", type: "FileExistsError" });
    expect((await own.call("a\n1\n", { method: "again", model: model(one) })).csv).toBe("a\n1\n");
  });

  it("an apply sees the files of its model alone, and later shared ones", async () => {
    await writeFile(join(bench.home.data, "shared.txt"), "shared");
    const [one, two] = [await bench.modelFolder(), await bench.modelFolder()];
    await writeFile(join(one, "probe_default.txt"), "");
    const model = (folder: string) => ({
      model: { name: "probe_default", key: null, folder, shared: bench.home.data },
      param: '{"kind": ""}',
    });
    expect((await probe.call("a\n1\n", model(one))).csv).toBe("shared,own\nshared,True\n");
    expect((await probe.call("a\n1\n", model(two))).csv).toBe("shared,own\nshared,False\n");
    await writeFile(join(bench.home.data, "shared.txt"), "newer");
    expect((await probe.call("a\n1\n", model(one))).csv).toBe("shared,own\nnewer,True\n");
  });
});

it("a working folder whose link is switched is entered anew", () => {
  const script = [
    "import os, sys, tempfile",
    `sys.path.insert(0, ${JSON.stringify(join(import.meta.dirname, "../../../runtimes/python"))})`,
    "from worker.folders import WorkingFolder",
    "home = os.path.realpath(tempfile.mkdtemp())",
    "os.mkdir(f'{home}/one'), os.mkdir(f'{home}/two'), os.symlink('one', f'{home}/link')",
    "working = WorkingFolder([f'{home}/link', home])",
    "seen = []",
    "for target in ('one', 'one', 'two', None):",
    "    os.unlink(f'{home}/link')",
    "    target and os.symlink(target, f'{home}/link')",
    "    working.enter()",
    "    seen.append(os.path.relpath(os.getcwd(), home))",
    "os.rmdir(f'{home}/one'), os.rmdir(f'{home}/two'), os.rmdir(home)",
    "print(seen)",
  ].join("\n");
  expect(execFileSync(python, ["-c", script], { encoding: "utf8" })).toBe("['one', 'one', 'two', '.']\n");
});

it("a shared file is seen though its folder's time was set back", () => {
  const script = [
    "import os, shutil, sys, tempfile, time",
    `sys.path.insert(0, ${JSON.stringify(join(import.meta.dirname, "../../../runtimes/python"))})`,
    "from worker import shared_files",
    "shared_files.TICK_NS = -(10**18)  # no folder is too young",
    "home = tempfile.mkdtemp()",
    "shared, own = f'{home}/shared', f'{home}/own'",
    "os.mkdir(shared), os.mkdir(own)",
    "files = shared_files.SharedFiles(f'{home}/link')",
    "files.show(own, shared)",
    "time.sleep(0.1)  # file systems count time in steps",
    "before = os.stat(shared)",
    "open(f'{shared}/new', 'w').close()",
    "os.utime(shared, ns=(before.st_atime_ns, before.st_mtime_ns))",
    "files.show(own, shared)",
    "print(os.listdir(own))",
    "shutil.rmtree(home)",
  ].join("\n");
  expect(execFileSync(python, ["-c", script], { encoding: "utf8" })).toBe("['new']\n");
});

describe("what is printed", () => {
  it("comes in order, from whatever prints it", async () => {
    const probe = await bench.worker(textOf("echo"), { name: "echo" });
    const { log } = await probe.call("a\n1\n", { method: "prints" });
    expect(log.toSorted()).toEqual(["100 %", "from a program", "mine: logged", "no end", "printed", "to stderr"]);
  });

  it("is dropped beyond the limit, which one line says", async () => {
    const probe = await bench.worker(textOf("echo"), { name: "echo" });
    const { log } = await probe.call("a\n1\n", { method: "prints_much", param: '{"lines": 30000}' });
    expect(log).toHaveLength(10_001);
    expect(log.at(-1)).toContain("dropped");
    expect((await probe.call("a\n1\n", { method: "prints_much", param: '{"lines": 2}' })).log).toEqual(["0", "1"]);
  });
});
