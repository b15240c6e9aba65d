import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type TestBridge, testBridge } from "./support/bridge.ts";

let test: TestBridge;
beforeAll(async () => {
  test = await testBridge();
});
afterAll(() => test[Symbol.asyncDispose]());

const apply = async (algorithm: string, more: Record<string, string> = {}) =>
  await (await test.compute({ algorithm, method: "apply", ...more }, "a\n1\n")).text();

it("code reads by relative paths what its notebook reads, at import and in calls, wherever an earlier call went", async () => {
  for (const folder of ["", "deep/er"]) {
    await mkdir(join(test.home, "notebooks", folder, "data"), { recursive: true });
    await writeFile(join(test.home, "notebooks", folder, "data/x.csv"), `b\n${folder}7\n`);
  }
  const cells = [
    "import os\nimport pandas as pd\nfirst = pd.read_csv('data/x.csv').b[0]",
    "def apply(model, df, param):\n    read = pd.read_csv('data/x.csv').b[0]\n    os.chdir('/')\n    return {'read': [first, read]}",
  ];
  await test.save("reader.ipynb", cells);
  for (let i = 0; i < 3; i++) expect(await apply("reader")).toBe("read\n7\n7\n");
  await test.save("deep/er/deep reader.ipynb", cells);
  for (let i = 0; i < 3; i++) expect(await apply("deep reader")).toBe("read\ndeep/er7\ndeep/er7\n");
});

it("a notebook that is moved works in its new folder", async () => {
  await test.save("moves.ipynb", [
    "import os\ndef apply(model, df, param):\n    return {'at': [os.path.relpath('.', os.environ['COMPUTE_BRIDGE_HOME'])]}",
  ]);
  expect(await apply("moves")).toBe("at\nnotebooks\n");
  await mkdir(join(test.home, "notebooks/elsewhere"), { recursive: true });
  await rename(join(test.home, "notebooks/moves.ipynb"), join(test.home, "notebooks/elsewhere/moves.ipynb"));
  await expect.poll(() => apply("moves"), { timeout: 20_000 }).toBe("at\nnotebooks/elsewhere\n");
});

it("a notebook whose folder is gone works in the folder of all notebooks, and a module in BRIDGE_HOME", async () => {
  const code = "import os\ndef apply(model, df, param):\n    return {'at': [os.path.relpath('.', os.environ['COMPUTE_BRIDGE_HOME'])]}\n";
  await test.save("leaves/left.ipynb", [code]);
  expect(await apply("left")).toBe("at\nnotebooks/leaves\n");
  await rm(join(test.home, "notebooks/leaves"), { recursive: true });
  expect(await apply("left")).toBe("at\nnotebooks\n");
  await writeFile(join(test.home, "app/model/laid.py"), code);
  expect(await apply("laid")).toBe("at\n.\n");
});

it("a module may have the name of an option", async () => {
  for (const name of ["-x", "--help"]) {
    await writeFile(join(test.home, "app/model", `${name}.py`), "def apply(model, df, param):\n    return df\n");
    expect(await apply(name)).toBe("a\n1\n");
    await test.save(`${name}y.ipynb`, [await readFile(join(test.home, "app/model", `${name}.py`), "utf8")]);
    expect(await apply(`${name}y`)).toBe("a\n1\n");
  }
});
