import { execFile } from "node:child_process";
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Algorithm } from "#contract/algorithm.ts";
import { saveNotebook, type TestBridge, testBridge } from "./support/bridge.ts";

let test: TestBridge;
beforeAll(async () => {
  test = await testBridge();
});
afterAll(() => test[Symbol.asyncDispose]());

let name = "";
let number = 0;
beforeEach(() => {
  name = `algorithm_${++number}`;
});

const answering = (value: string) => [`def apply(model, df, param):\n    return {"said": ["${value}"]}`];
const say = async (algorithm = name) => {
  const answer = await test.compute({ algorithm, method: "apply" }, "a\n1\n");
  return answer.status === 200 ? (await answer.text()).split("\n")[1] : ((await answer.json()) as { code: string }).code;
};
const state = async (algorithm = name) => (await (await test.ask(`/v1/algorithms/${encodeURIComponent(algorithm)}`)).json()) as Algorithm;
const problems = async (algorithm = name) =>
  (await state(algorithm)).problems.map(({ severity, code, cell, line }) => [severity, code, cell, line]);

describe("a saved notebook", () => {
  it("is what the next call runs, from the very first save on", async () => {
    for (const value of ["one", "two", "three"]) {
      await test.save(`${name}.ipynb`, answering(value));
      expect(await say()).toBe(value);
    }
  });

  it("runs at the next call after each of many saves", async () => {
    for (let i = 0; i < 30; i++) {
      await test.save(`${name}.ipynb`, answering(`v${i}`));
      expect(await say()).toBe(`v${i}`);
    }
  });

  it("is written to app/model as the live module, and kept as a version", async () => {
    await test.save(`${name}.ipynb`, answering("file"));
    await say();
    const { live } = await state();
    expect(await readFile(join(test.home, "app/model", `${name}.py`), "utf8")).toContain('"said": ["file"]');
    expect(await readdir(join(test.home, "app/model/.versions", name))).toEqual([live]);
  });

  it("makes no new version when only outputs, prompts or text changed", async () => {
    await test.save(`${name}.ipynb`, answering("same"));
    await say();
    const before = await state();
    const file = join(test.home, "notebooks", `${name}.ipynb`);
    const notebook = JSON.parse(await readFile(file, "utf8"));
    notebook.cells[0].execution_count = 7;
    notebook.cells[0].outputs = [{ output_type: "stream", text: "no name" }];
    await writeFile(file, JSON.stringify(notebook));
    expect(await say()).toBe("same");
    expect((await state()).live).toBe(before.live);
    expect(await (await test.ask(`/v1/versions?algorithm=${name}`)).json()).toHaveLength(1);
  });

  it.each([
    ["a syntax error", ["x = 1", "def apply(model, df, param)\n    return df"], ["error", "syntax-error", 2, 1]],
    ["an import that fails", ["import os", "import not_there_at_all"], ["error", "import-failed", 2, 1]],
    ["code that raises at the top", ["def apply(model, df, param):\n    return df", "\n1 / 0"], ["error", "import-failed", 2, 2]],
    ["an entry point with wrong arguments", ["def apply(model):\n    return model"], ["error", "wrong-arguments", 1, 1]],
  ])("with %s does not go live, and says where", async (_what, cells, problem) => {
    await test.save(`${name}.ipynb`, answering("old"));
    expect(await say()).toBe("old");
    await test.save(`${name}.ipynb`, cells);
    expect(await say()).toBe("old");
    expect((await state()).state).toBe("failing");
    expect((await problems()).map((each) => [each[0], each[2], each[3]])).toContainEqual([problem[0], problem[2], problem[3]]);
    await test.save(`${name}.ipynb`, answering("mended"));
    expect(await say()).toBe("mended");
    expect(await state()).toMatchObject({ state: "live" });
  });

  it("that never ran is refused with its first problem", async () => {
    await test.save(`${name}.ipynb`, ["def apply(model, df, param)"]);
    expect(await say()).toBe("NOT_LIVE");
  });

  it("warns of a name that no exported cell defines, and goes live all the same", async () => {
    await test.save(`${name}.ipynb`, ["def load(name):\n    return model", ...answering("warned")]);
    await say();
    expect(await problems()).toContainEqual(["warning", "undefined-name", 1, 2]);
    expect((await state()).state).toBe("live");
  });

  it("is found in sub folders, by names with spaces, dots, dashes and Unicode, ignoring case", async () => {
    await test.save("deep/er/My Algo v1.2-ü.ipynb", answering("deep"));
    expect(await say("my algo V1.2-Ü")).toBe("deep");
  });

  it("that is deleted keeps serving and is flagged; back again, it is live", async () => {
    await test.save(`${name}.ipynb`, answering("kept"));
    await say();
    await rm(join(test.home, "notebooks", `${name}.ipynb`));
    await expect.poll(async () => (await state()).state).toBe("missing");
    expect(await say()).toBe("kept");
    await test.save(`${name}.ipynb`, answering("kept"));
    await expect.poll(async () => (await state()).state).toBe("live");
  });

  it("that is renamed is an algorithm of the new name", async () => {
    await test.save(`${name}.ipynb`, answering("renamed"));
    await say();
    await rename(join(test.home, "notebooks", `${name}.ipynb`), join(test.home, "notebooks", `${name}_new.ipynb`));
    expect(await say(`${name}_new`)).toBe("renamed");
    await expect.poll(async () => (await state()).state).toBe("missing");
  });

  it("whose name another claims goes live only when the other is gone", async () => {
    await test.save(`${name}.ipynb`, answering("first"));
    expect(await say()).toBe("first");
    await test.save(`other/${name.toUpperCase()}.ipynb`, answering("second"));
    await expect.poll(async () => (await problems()).map((each) => each[1])).toEqual(["name-claimed-twice"]);
    expect(await say()).toBe("first");
    await rm(join(test.home, "notebooks", `${name}.ipynb`));
    await expect.poll(() => say()).toBe("second");
  });

  it("runs with the siblings that it imports, and anew when one of them is saved", async () => {
    await test.save(`${name}_lib.ipynb`, ["VALUE = 'one'\ndef helper():\n    return VALUE"]);
    await expect.poll(async () => (await test.ask(`/v1/algorithms/${name}_lib`)).status).toBe(200);
    await test.save(`${name}.ipynb`, [
      `from app.model.${name}_lib import helper\ndef apply(model, df, param):\n    return {"said": [helper()]}`,
    ]);
    expect(await say()).toBe("one");
    await test.save(`${name}_lib.ipynb`, ["VALUE = 'two'\ndef helper():\n    return VALUE"]);
    await expect.poll(() => say()).toBe("two");
  });

  it("that lies half-written is not taken, and its whole is", async () => {
    await test.save(`${name}.ipynb`, answering("whole"));
    await say();
    const file = join(test.home, "notebooks", `${name}.ipynb`);
    await saveNotebook(`${file}.other`, answering("after"));
    const text = await readFile(`${file}.other`, "utf8");
    await writeFile(file, text.slice(0, 40));
    setTimeout(() => void cp(`${file}.other`, file), 200);
    expect(await say()).toBe("after");
  });

  it("finishes calls under way on the old version", async () => {
    await test.save(`${name}.ipynb`, ["import time", `def apply(model, df, param):\n    time.sleep(1)\n    return {"said": ["slow"]}`]);
    const warm = say();
    expect(await warm).toBe("slow");
    const running = say();
    await new Promise((resolve) => setTimeout(resolve, 100));
    await test.save(`${name}.ipynb`, answering("fast"));
    expect(await say()).toBe("fast");
    expect(await running).toBe("slow");
  });
});

it("publishes two hundred notebooks that a git checkout brings at once", async () => {
  const repository = join(test.home, "notebooks/repository");
  for (let i = 0; i < 200; i++) await saveNotebook(join(test.home, "elsewhere", `many_${i}.ipynb`), answering(`many ${i}`));
  const git = (...args: string[]) =>
    promisify(execFile)("git", ["-C", join(test.home, "elsewhere"), "-c", "user.name=t", "-c", "user.email=t@example.org", ...args]);
  await git("init", "--quiet");
  await git("add", ".");
  await git("commit", "--quiet", "-m", "all");
  await git("clone", "--quiet", ".", repository);
  await expect
    .poll(
      async () =>
        ((await (await test.ask("/v1/algorithms?limit=1000")).json()) as Algorithm[]).filter(
          (each) => each.name.startsWith("many_") && each.state === "live",
        ).length,
      { timeout: 100_000, interval: 500 },
    )
    .toBe(200);
  expect([await say("many_0"), await say("many_199")]).toEqual(["many 0", "many 199"]);
}, 120_000);

describe("a restart", () => {
  it("finds versions, models and changes that were made meanwhile", async () => {
    const home = join(test.home, "..", `${test.home.split("/").at(-1)}-restart`);
    await mkdir(join(home, "notebooks"), { recursive: true });
    try {
      await saveNotebook(join(home, "notebooks/kept.ipynb"), answering("before"));
      await saveNotebook(join(home, "notebooks/gone.ipynb"), answering("gone"));
      {
        await using first = await testBridge({ BRIDGE_HOME: home });
        const at = async (algorithm: string) => (await first.compute({ algorithm, method: "apply" }, "a\n1\n")).text();
        expect([await at("kept"), await at("gone")]).toEqual(["said\nbefore\n", "said\ngone\n"]);
      }
      await rm(join(home, "notebooks/gone.ipynb"));
      await saveNotebook(join(home, "notebooks/kept.ipynb"), answering("meanwhile"));
      await using second = await testBridge({ BRIDGE_HOME: home });
      const at = async (algorithm: string) => (await second.compute({ algorithm, method: "apply" }, "a\n1\n")).text();
      // A call waits five seconds for a save's check, whose process a busy machine may take longer to start.
      await expect.poll(() => at("kept"), { timeout: 60_000 }).toBe("said\nmeanwhile\n");
      expect(await at("gone")).toBe("said\ngone\n");
      expect(((await (await second.ask("/v1/algorithms/gone")).json()) as Algorithm).state).toBe("missing");
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  });
});
