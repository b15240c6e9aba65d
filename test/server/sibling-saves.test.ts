import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type TestBridge, testBridge } from "./support/bridge.ts";
import { odd } from "./support/odd.ts";

let test: TestBridge;
beforeAll(async () => {
  test = await testBridge();
});
afterAll(() => test[Symbol.asyncDispose]());

let name = "";
let number = 0;
beforeEach(() => {
  name = `user_${++number}`;
});
const { say, codes, state } = odd(() => test);
const using = (...modules: string[]) => [
  `${modules.map((each, index) => `from app.model.${each} import V as v${index}`).join("\n")}
def apply(model, df, param):
    return {"said": [" ".join([${modules.map((_, index) => `v${index}`).join(", ")}])]}`,
];
const file = (path: string) => join(test.home, "app/model", path);
const lay = (path: string, text: string) => test.lay(path, text);
const isLive = (algorithm: string) => expect.poll(() => state(algorithm)).toMatchObject({ state: "live" });
async function notes() {
  const answer = await test.compute({ algorithm: name, method: "apply" }, "a\n1\n");
  return (JSON.parse(answer.headers.get("compute-receipt") ?? "{}") as { notes?: string[] }).notes ?? [];
}

describe("a call right after a save of what its algorithm imports", () => {
  it("runs the new module", async () => {
    await lay(`${name}_m.py`, "V = '0'\n");
    await isLive(`${name}_m`);
    await test.save(`${name}.ipynb`, using(`${name}_m`));
    expect(await say(name)).toBe("0");
    for (let i = 1; i <= 15; i++) {
      await lay(`${name}_m.py`, `V = '${i}'\n`);
      expect(await say(name)).toBe(`${i}`);
    }
    expect(await notes()).toEqual([]);
  });

  it("runs the new file of a package, also where it is written in place", async () => {
    const root = `${name}_p`;
    await lay(`${root}/inner/value.py`, "V = '0'\n");
    await lay(`${root}/__init__.py`, "from .inner.value import V\n");
    await isLive(root);
    await test.save(`${name}.ipynb`, using(root));
    expect(await say(name)).toBe("0");
    for (let i = 1; i <= 5; i++) {
      await writeFile(file(`${root}/inner/value.py`), `V = '${i}'\n`);
      expect(await say(name)).toBe(`${i}`);
    }
    await lay(`${root}/other.py`, "V = 'other'\n");
    await lay(`${root}/__init__.py`, "from .other import V\n");
    expect(await say(name)).toBe("other");
  });

  it("runs the new notebook, whether a notebook or a module imports it", async () => {
    await test.save(`${name}_n.ipynb`, ["V = '0'"]);
    await isLive(`${name}_n`);
    await test.save(`${name}.ipynb`, using(`${name}_n`));
    await lay(`${name}_as_module.py`, using(`${name}_n`).join("\n"));
    expect([await say(name), await say(`${name}_as_module`)]).toEqual(["0", "0"]);
    for (let i = 1; i <= 15; i++) {
      await test.save(`${name}_n.ipynb`, [`V = '${i}'`]);
      expect(await say(i % 2 ? name : `${name}_as_module`)).toBe(`${i}`);
    }
  });

  it("runs the new one through others, and never old and new together", async () => {
    await lay(`${name}_m.py`, "V = '0'\n");
    await isLive(`${name}_m`);
    await test.save(`${name}_mid.ipynb`, [`from app.model.${name}_m import V`]);
    await isLive(`${name}_mid`);
    await lay(`${name}_far.py`, `from app.model.${name}_mid import V\n`);
    await isLive(`${name}_far`);
    await test.save(`${name}.ipynb`, using(`${name}_m`, `${name}_far`));
    expect(await say(name)).toBe("0 0");
    for (let i = 1; i <= 10; i++) {
      await lay(`${name}_m.py`, `V = '${i}'\n`);
      expect(await say(name)).toBe(`${i} ${i}`);
    }
  });

  it("runs both new when both were saved, also when it is the first to import it", async () => {
    for (let i = 0; i < 8; i++) {
      await test.save(`${name}_n.ipynb`, [`V = '${i}'`]);
      await lay(`${name}_m${i % 2}.py`, `V = 'm${i}'\n`);
      await test.save(`${name}.ipynb`, [...using(`${name}_n`, `${name}_m${i % 2}`), `# ${i}`]);
      if (i > 1) expect(await say(name)).toBe(`${i} m${i}`);
      else await expect.poll(() => say(name)).toBe(`${i} m${i}`);
    }
  });
});

describe("a save of what is imported while the import of the algorithm is checked", () => {
  const slowly = (after: string) => [
    `import time\ntime.sleep(0.8)\nfrom app.model.${name}_n import ${after}\ndef apply(model, df, param):\n    return {"said": [${after}]}`,
  ];

  it("is in the version that the next call runs", async () => {
    await test.save(`${name}_n.ipynb`, ["V = 'old'"]);
    await isLive(`${name}_n`);
    await test.save(`${name}.ipynb`, slowly("V"));
    await lay(`${name}_as_module.py`, slowly("V").join("\n"));
    await sleep(500);
    await test.save(`${name}_n.ipynb`, ["V = 'new'"]);
    expect([await say(name), await say(`${name}_as_module`)]).toEqual(["new", "new"]);
  });

  it("gives it what it lacked, before or after it has failed for that", async () => {
    for (const wait of [500, 1_500]) {
      await test.save(`${name}_n.ipynb`, ["V = 'old'"]);
      await isLive(`${name}_n`);
      await test.save(`${name}_${wait}.ipynb`, slowly(`W${wait}`));
      await sleep(wait);
      await test.save(`${name}_n.ipynb`, [`W${wait} = 'new'`]);
      await expect.poll(() => say(`${name}_${wait}`), { timeout: 5_000 }).toBe("new");
    }
  });
});

describe("a save of what an algorithm imports that does not run", () => {
  it("leaves the one before serving at once, which the receipt says; mended, it runs", async () => {
    for (const kind of ["notebook", "module"]) {
      const save = (text: string) => (kind === "module" ? lay(`${name}_m.py`, `${text}\n`) : test.save(`${name}_n.ipynb`, [text]));
      const its = kind === "module" ? `${name}_m` : `${name}_n`;
      await save("V = 'old'");
      await isLive(its);
      await test.save(`${name}.ipynb`, using(its));
      expect(await say(name)).toBe("old");
      for (const broken of ["V = 'new", "V = 'new'\n1 / 0"]) {
        await save(broken);
        expect(await say(name)).toBe("old");
        expect(await notes()).toEqual([
          expect.stringMatching(
            new RegExp(`^The last save of .*${its}.*, which ${name} imports, does not run \\((syntax-error|import-failed) `),
          ),
        ]);
        expect(await codes(name)).toEqual([]);
      }
      await save("V = 'mended'");
      expect(await say(name)).toBe("mended");
      expect(await notes()).toEqual([]);
    }
  });

  it("with the algorithm alone leaves its version before serving, which the receipt says; mended, it runs", async () => {
    await test.save(`${name}_n.ipynb`, ["V = 'old'"]);
    await isLive(`${name}_n`);
    await test.save(`${name}.ipynb`, using(`${name}_n`));
    await lay(`${name}_as_module.py`, using(`${name}_n`).join("\n"));
    expect([await say(name), await say(`${name}_as_module`)]).toEqual(["old", "old"]);
    await test.save(`${name}_n.ipynb`, ["W = 'renamed'"]);
    expect(await say(name)).toBe("old");
    expect(await notes()).toEqual([expect.stringContaining(`The last save of ${name}.ipynb does not run (import-failed`)]);
    await test.save(`${name}_n.ipynb`, ["V = 'mended'"]);
    expect([await say(name), await say(`${name}_as_module`)]).toEqual(["mended", "mended"]);
  });
});

it("what an algorithm imports is deleted: its copy serves, also in the next calls, and made again it is run", async () => {
  await lay(`${name}_m.py`, "V = 'm'\n");
  await test.save(`${name}_n.ipynb`, ["V = 'n'"]);
  for (const each of ["m", "n"]) await isLive(`${name}_${each}`);
  await test.save(`${name}.ipynb`, using(`${name}_m`, `${name}_n`));
  expect(await say(name)).toBe("m n");
  await rm(file(`${name}_m.py`));
  await rm(join(test.home, "notebooks", `${name}_n.ipynb`));
  for (let i = 0; i < 3; i++) expect(await say(name)).toBe("m n");
  for (const each of ["m", "n"]) expect(await state(`${name}_${each}`)).toMatchObject({ state: "missing" });
  await lay(`${name}_m.py`, "V = 'm2'\n");
  expect(await say(name)).toBe("m2 n");
  await test.save(`${name}_n.ipynb`, ["V = 'n2'"]);
  expect(await say(name)).toBe("m2 n2");
});

it("modules that import each other are run as they were saved last", async () => {
  await lay(`${name}_a.py`, `V = '0'\ndef other():\n    from app.model import ${name}_b\n    return ${name}_b.V\n`);
  await isLive(`${name}_a`);
  await lay(`${name}_b.py`, `V = '0'\ndef other():\n    from app.model import ${name}_a\n    return ${name}_a.V\n`);
  await isLive(`${name}_b`);
  await test.save(`${name}.ipynb`, using(`${name}_a`, `${name}_b`));
  expect(await say(name)).toBe("0 0");
  for (let i = 1; i <= 5; i++) {
    await lay(`${name}_a.py`, `V = '${i}'\ndef other():\n    from app.model import ${name}_b\n    return ${name}_b.V\n`);
    expect(await say(name)).toBe(`${i} ${i - 1}`);
    await lay(`${name}_b.py`, `V = '${i}'\ndef other():\n    from app.model import ${name}_a\n    return ${name}_a.V\n`);
    expect(await say(name)).toBe(`${i} ${i}`);
  }
});

describe("an error in what an algorithm imports", () => {
  const failing = async () => {
    const answer = await test.compute({ algorithm: name, method: "apply" }, "a\n1\n");
    const { code, cell, line, notebook, file: told, hint } = (await answer.json()) as Record<string, unknown>;
    return { code, cell, line, notebook, file: told, hint };
  };

  it("names the cell and line of a notebook, also after its next save", async () => {
    const library = `${name}_n`;
    const cells = ["V = '0'", "def boom(x):\n    y = 1\n    return x / 0"];
    const user = [`from app.model.${library} import boom\ndef apply(model, df, param):\n    return boom(1)`];
    await test.save(`sub/${library}.ipynb`, cells);
    await isLive(library);
    await test.save(`${name}.ipynb`, user);
    const place = { code: "CODE_FAILED", cell: 2, line: 3, notebook: `sub/${library}.ipynb` };
    const where = `Look in cell 2, line 3 of sub/${library}.ipynb, mend it and save; the next call runs the new code.`;
    expect(await failing()).toEqual({ ...place, hint: where });
    await test.save(`sub/${library}.ipynb`, ["# one line", ...cells]);
    expect(await failing()).toMatchObject({ ...place, cell: 3 });
  });

  it("names the file and line of a module", async () => {
    await lay(`${name}_m.py`, "V = '0'\ndef boom(x):\n    return x / 0\n");
    await isLive(`${name}_m`);
    await test.save(`${name}.ipynb`, [`from app.model.${name}_m import boom\ndef apply(model, df, param):\n    return boom(1)`]);
    expect(await failing()).toMatchObject({ code: "CODE_FAILED", cell: undefined, file: `app/model/${name}_m.py`, line: 3 });
  });
});
