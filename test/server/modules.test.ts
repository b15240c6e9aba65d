import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Algorithm } from "#contract/algorithm.ts";
import { main } from "../../server/main.ts";
import { type TestBridge, testBridge } from "./support/bridge.ts";

let test: TestBridge;
beforeAll(async () => {
  test = await testBridge();
});
afterAll(() => test[Symbol.asyncDispose]());

let name = "";
let number = 0;
beforeEach(() => {
  name = `laid_${++number}`;
});

const saying = (value: string) => `def apply(model, df, param):\n    return {"said": ["${value}"]}\n`;
/** Lays files into app/model, one after the other. */
async function lay(files: Record<string, string | Buffer>) {
  for (const [path, text] of Object.entries(files)) await test.lay(path, text);
}
const call = (options: Record<string, string>, rows = "a\n1\n") => test.compute({ algorithm: name, method: "apply", ...options }, rows);
const say = async (options: Record<string, string> = {}) => {
  const answer = await call(options);
  return answer.status === 200 ? (await answer.text()).split("\n")[1] : ((await answer.json()) as { code: string; detail: string }).detail;
};
const state = async (algorithm = name) => (await (await test.ask(`/v1/algorithms/${encodeURIComponent(algorithm)}`)).json()) as Algorithm;
const versions = async () => (await (await test.ask(`/v1/versions?algorithm=${name}`)).json()) as unknown[];
const problems = async () => (await state()).problems.map(({ severity, code, file, line }) => [severity, code, file, line]);

describe("a module laid into app/model", () => {
  it("is an algorithm from the next call on, and each change of it is a version", async () => {
    for (const value of ["one", "two", "three"]) {
      await lay({ [`${name}.py`]: saying(value) });
      expect(await say()).toBe(value);
    }
    expect(await state()).toMatchObject({ notebook: null, state: "live" });
    expect(await problems()).toEqual([]);
    expect(await versions()).toHaveLength(3);
    expect(await readFile(join(test.home, "app/model", `${name}.py`), "utf8")).toBe(saying("three"));
  });

  it("fits, keeps its model and is applied, through the old endpoints too", async () => {
    await lay({
      [`${name}.py`]: [
        "import json",
        'PATH = "/srv/app/model/data/"',
        "def init(df, param):\n    return {}",
        'def fit(model, df, param):\n    model["mean"] = float(df["a"].mean())\n    return model',
        'def apply(model, df, param):\n    return df.assign(mean=model["mean"])',
        'def save(model, name):\n    json.dump(model, open(PATH + name + ".json", "w"))\n    return model',
        'def load(name):\n    return json.load(open(PATH + name + ".json"))',
        "def summary(model=None):\n    return model or {}\n",
      ].join("\n"),
    });
    expect((await call({ method: "fit", model_name: "m" }, "a\n1\n3\n")).status).toBe(200);
    expect(await (await call({ model_name: "m" }, "a\n5\n")).text()).toBe("a,mean\n5,2.0\n");
    const meta = { options: { params: { algo: name }, model_name: "m" } };
    expect(await test.old("apply", { data: "a\n5\n", meta })).toMatchObject({ status: "success", results: "a,mean\n5,2.0\n" });
  });

  it("keeps serving its last version when it is broken, and says at which line", async () => {
    await lay({ [`${name}.py`]: saying("old") });
    expect(await say()).toBe("old");
    await lay({ [`${name}.py`]: "x = 1\ndef apply(model, df, param)\n    return df\n" });
    expect(await say()).toBe("old");
    expect((await state()).state).toBe("failing");
    expect(await problems()).toEqual([["error", "syntax-error", `${name}.py`, 2]]);
    await lay({ [`${name}.py`]: "x = 1\n\n1 / 0\n" });
    expect(await say()).toBe("old");
    expect(await problems()).toEqual([["error", "import-failed", `${name}.py`, 3]]);
    await lay({ [`${name}.py`]: saying("mended") });
    expect(await say()).toBe("mended");
  });

  it("names file and line of a failing call", async () => {
    await lay({ [`${name}.py`]: 'def apply(model, df, param):\n    return df["not there"]\n' });
    const answer = (await (await call({})).json()) as Record<string, unknown>;
    expect(answer).toMatchObject({ code: "CODE_FAILED", exception: "KeyError", file: `app/model/${name}.py`, line: 2 });
  });

  it("says its title, requirements and options in a block of settings", async () => {
    const block = (lines: string[]) => ["# /// script", ...lines.map((line) => (line ? `# ${line}` : "#")), "# ///", ""].join("\n");
    const said = [
      'dependencies = ["numpy>=1", "not-there-at-all"]',
      "[tool.compute_bridge]",
      'title = "Loud"',
      "",
      "[tool.compute_bridge.options]",
      'apply = "row-wise"',
      'types = {a = "object"}',
    ];
    const code = "def apply(model, df, param):\n    return df.assign(t=str(df['a'].dtype))\n";
    await lay({ [`${name}.py`]: block(said) + code });
    expect((await call({})).status).toBe(200);
    expect(await (await call({ algorithm: "Loud" }, "a\n007\n")).text()).toBe("a,t\n007,object\n");
    expect(await problems()).toEqual([["warning", "unmet-requirement", undefined, undefined]]);
    await lay({ [`${name}.py`]: block(["[tool.compute_bridge.options]", 'apply = "sideways"']) + code });
    await say();
    expect(await problems()).toEqual([["error", "bad-setting", undefined, undefined]]);
    await lay({ [`${name}.py`]: block(["what = "]) + code });
    await say();
    expect(await problems()).toEqual([["error", "bad-setting", `${name}.py`, 1]]);
  });

  it("when deleted serves on and is flagged, also when it went while the bridge was down", async () => {
    await lay({ [`${name}.py`]: saying("still") });
    expect(await say()).toBe("still");
    await rm(join(test.home, "app/model", `${name}.py`));
    expect(await say()).toBe("still");
    expect((await state()).state).toBe("missing");
    await lay({ [`${name}.py`]: saying("still") });
    expect(await say()).toBe("still");
    expect((await state()).state).toBe("live");
  });

  it("that is a link, or lies among the model data, is none", async () => {
    await symlink(import.meta.filename, join(test.home, "app/model", `${name}.py`));
    await lay({ [`data/${name}_data.py`]: saying("data") });
    expect((await call({})).status).toBe(404);
    expect((await call({ algorithm: `${name}_data` })).status).toBe(404);
  });
});

describe("a package laid into app/model", () => {
  it("is one algorithm: its files change together, its data lies beside them", async () => {
    const files = (value: string) => ({
      [`${name}/words.txt`]: value,
      [`${name}/noise.bin`]: Buffer.from([0xff, 0xfe, 0x00]),
      [`${name}/inner/core.py`]: `from ..read import word\nfrom app.model.${name}.read import word as same\ndef apply(model, df, param):\n    return {"said": [word() if word is same else "twice"]}\n`,
      [`${name}/inner/__init__.py`]: "",
      [`${name}/read.py`]: 'import pathlib\ndef word():\n    return (pathlib.Path(__file__).parent / "words.txt").read_text()\n',
      [`${name}/__init__.py`]: "from .inner.core import apply\n",
    });
    await lay(files("first"));
    expect(await say()).toBe("first");
    expect(await state()).toMatchObject({ state: "live" });
    expect(await problems()).toEqual([]);
    await lay({ [`${name}/words.txt`]: "second" });
    expect(await say()).toBe("second");
    expect(await versions()).toHaveLength(2);
    await lay({ [`${name}/inner/core.py`]: "def apply(model, df, param):\n    return nothing\n" });
    expect(await say()).toContain("name 'nothing' is not defined");
    expect(await problems()).toEqual([["warning", "undefined-name", `${name}/inner/core.py`, 2]]);
  });

  it("copied in slowly goes live whole", async () => {
    const from = await mkdtemp(join(tmpdir(), "package-"));
    for (let i = 0; i < 200; i++) await writeFile(join(from, `part_${i}.py`), `VALUE = ${i}\n`);
    const sum = Array.from({ length: 200 }, (_, i) => `part_${i}.VALUE`).join(" + ");
    const imports = Array.from({ length: 200 }, (_, i) => `from . import part_${i}`).join("\n");
    await writeFile(join(from, "__init__.py"), `${imports}\ndef apply(model, df, param):\n    return {"said": [${sum}]}\n`);
    await cp(from, join(test.home, "app/model", name), { recursive: true });
    expect(await say()).toBe("19900");
    await rm(from, { recursive: true });
  });

  it("of which a file of the same name exists is refused: nobody could tell which is meant", async () => {
    await lay({ [`${name}.py`]: saying("file") });
    expect(await say()).toBe("file");
    await lay({ [`${name}/__init__.py`]: saying("package") });
    expect(await say()).toBe("file");
    expect((await problems())[0]).toEqual(["error", "name-claimed-twice", undefined, undefined]);
    await rm(join(test.home, "app/model", `${name}.py`));
    expect(await say()).toBe("package");
    expect(await state()).toMatchObject({ state: "live" });
    expect(await problems()).toEqual([]);
  });
});

describe("a library", () => {
  it("is what others import, in the version that they recorded; a new one makes new versions of them", async () => {
    await test.save(`${name}.ipynb`, [
      `from app.model.${name}_lib import word\ndef apply(model, df, param):\n    return {"said": [word()]}`,
    ]);
    await say();
    expect((await state()).problems.map(({ code }) => code)).toContain("missing-sibling");
    for (const value of ["one", "two"]) {
      await lay({
        [`${name}_lib/__init__.py`]: "from .inner import word\n",
        [`${name}_lib/inner.py`]: `def word():\n    return "${value}"\n`,
      });
      while ((await say()) !== value) await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(await problems()).toEqual([]);
    expect(await say({ algorithm: `${name}_lib` })).toContain("is a library");
  });
});

describe("a module and a notebook of one name", () => {
  it("the notebook's export is no module of its own; changed by hand it is not run, and kept when the notebook is saved", async () => {
    await test.save(`${name}.ipynb`, [saying("notebook")]);
    expect(await say()).toBe("notebook");
    await lay({ [`${name}.py`]: saying("by hand") });
    while ((await problems()).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await problems()).toEqual([["warning", "module-ignored", `${name}.py`, undefined]]);
    expect(await say()).toBe("notebook");
    await test.save(`${name}.ipynb`, [saying("saved")]);
    expect(await say()).toBe("saved");
    expect(await problems()).toEqual([]);
    const [kept = ""] = (await readdir(join(test.home, "app/model/.replaced"))).filter((each) => each.startsWith(name));
    expect(await readFile(join(test.home, "app/model/.replaced", kept), "utf8")).toBe(saying("by hand"));
  });

  it("the module that was there first stays; without it the notebook goes live", async () => {
    await lay({ [`${name}.py`]: saying("module") });
    expect(await say()).toBe("module");
    await test.save(`${name}.ipynb`, [saying("notebook")]);
    expect(await say()).toBe("module");
    await expect.poll(async () => (await problems())[0]?.[1]).toBe("name-claimed-twice");
    await rm(join(test.home, "app/model", `${name}.py`));
    while ((await say()) !== "notebook") await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await state()).toMatchObject({ notebook: `${name}.ipynb`, state: "live" });
    expect(await problems()).toEqual([]);
  });

  it("a deleted notebook's export may be changed by hand: then it is a module", async () => {
    await test.save(`${name}.ipynb`, [saying("notebook")]);
    expect(await say()).toBe("notebook");
    await rm(join(test.home, "notebooks", `${name}.ipynb`));
    while ((await state()).state !== "missing") await say();
    await lay({ [`${name}.py`]: saying("by hand") });
    while ((await say()) !== "by hand") await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await state()).toMatchObject({ notebook: null, state: "live" });
  });
});

it("modules changed, added and removed while the bridge was down are taken in at the start", async () => {
  const home = await mkdtemp(join(tmpdir(), "bridge-"));
  const model = join(home, "app/model");
  await mkdir(join(home, "notebooks"), { recursive: true });
  await mkdir(model, { recursive: true });
  const env = { PATH: process.env.PATH, BRIDGE_HOME: home, BRIDGE_PORT: "0", BRIDGE_JUPYTER: "off", BRIDGE_LOG: "error" };
  const up = async (look: (find: (algorithm: string) => Promise<Algorithm>) => Promise<void>) => {
    const bridge = await main(env);
    try {
      const headers = { authorization: `Bearer ${bridge.token}` };
      await look(async (algorithm) => {
        for (;;) {
          const answer = await fetch(`${bridge.url}/v1/algorithms/${algorithm}`, { headers });
          if (answer.status === 200) return (await answer.json()) as Algorithm;
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      });
    } finally {
      await bridge.close();
    }
  };
  await writeFile(join(model, "changed.py"), saying("one"));
  await writeFile(join(model, "removed.py"), saying("one"));
  let first = "";
  await up(async (find) => {
    first = (await find("changed")).live ?? "";
    expect((await find("removed")).state).toBe("live");
  });
  await writeFile(join(model, "changed.py"), saying("two"));
  await rm(join(model, "removed.py"));
  await writeFile(join(model, "added.py"), saying("one"));
  await up(async (find) => {
    expect((await find("removed")).state).toBe("missing");
    expect((await find("added")).state).toBe("live");
    while ((await find("changed")).live === first) await new Promise((resolve) => setTimeout(resolve, 20));
  });
  await rm(home, { recursive: true });
});
