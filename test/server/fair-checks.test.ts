import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestBridge, testBridge } from "./support/bridge.ts";

let test: TestBridge;
beforeAll(async () => {
  test = await testBridge();
});
afterAll(() => test[Symbol.asyncDispose]());

const answering = (value: string) => `def apply(model, df, param):\n    return {"said": ["${value}"]}`;
/** Says in a file that its import has begun, and goes on for ever. */
const hanging = (name: string) => [
  `import time\nopen(${JSON.stringify(join(test.home, `${name}.began`))}, "w").close()\nwhile True:\n    time.sleep(0.05)`,
];
const say = async (algorithm: string) => {
  const answer = await test.compute({ algorithm, method: "apply" }, "a\n1\n");
  return answer.status === 200 ? (await answer.text()).split("\n")[1] : ((await answer.json()) as { code: string }).code;
};
const began = (name: string) => expect.poll(() => existsSync(join(test.home, `${name}.began`)), { timeout: 30_000 }).toBe(true);

const notesOf = async (algorithm: string) => {
  const answer = await test.compute({ algorithm, method: "apply" }, "a\n1\n");
  return (JSON.parse(answer.headers.get("compute-receipt") ?? "") as { notes: string[] }).notes;
};

describe("a call that runs an older version", () => {
  const old = { data: "a\n1\n", meta: { options: { params: { algo: "older" } } } };

  it("is told which save does not run, and where it fails", async () => {
    await test.save("older.ipynb", [answering("old")]);
    expect(await notesOf("older")).toEqual([]);
    await test.save("older.ipynb", ["x = 1", `\n1 / 0\n${answering("new")}`]);
    expect(await notesOf("older")).toEqual([
      expect.stringMatching(
        /^The last save of older\.ipynb does not run \(import-failed in cell 2, line 2: .*division by zero.*\); version \w{16},/,
      ),
    ]);
  });

  it("is told so in a header on the old endpoints, whose JSON stays as it is", async () => {
    await test.save("older.ipynb", ["def load(name): pass\ndef summary(model=None): return {}", answering("old")]);
    await say("older");
    await test.save("older.ipynb", ["x = 'ü' +", answering("new")]);
    const answer = await test.ask("/apply", { method: "POST", body: JSON.stringify(old) });
    expect(Object.keys((await answer.json()) as object)).toEqual(["status", "message", "results"]);
    expect(JSON.parse(answer.headers.get("compute-notes") ?? "null")).toEqual([expect.stringContaining("syntax-error in cell 1, line 1")]);
  });

  it("is told that a newer one is still being checked", async () => {
    await test.save("waiting.ipynb", [answering("old")]);
    expect(await notesOf("waiting")).toEqual([]);
    await test.save("waiting.ipynb", hanging("waiting"));
    expect(await notesOf("waiting")).toEqual([
      expect.stringMatching(/^A newer save of waiting\.ipynb was still being checked; version \w{16} answered/),
    ]);
    await test.save("waiting.ipynb", [answering("old")]);
  });
});

describe("imports that hang", () => {
  it("keep nobody else's save waiting, however many there are", async () => {
    const names = ["hang_1", "hang_2", "hang_3", "hang_4", "hang_5"];
    for (const name of names) await test.save(`${name}.ipynb`, hanging(name));
    for (const name of names.slice(0, 2)) await began(name);
    await test.save("quick.ipynb", [answering("here")]);
    expect(await say("quick")).toBe("here");
    for (const name of names) await test.save(`${name}.ipynb`, [answering(name)]);
  });

  it("end when the notebook is saved again, which is what the next call runs", async () => {
    await test.save("mended.ipynb", hanging("mended"));
    await began("mended");
    await test.save("mended.ipynb", [answering("mended")]);
    expect(await say("mended")).toBe("mended");
  });

  it("end when the notebook is what it was before, which serves on", async () => {
    await test.save("back.ipynb", [answering("first")]);
    expect(await say("back")).toBe("first");
    await test.save("back.ipynb", hanging("back"));
    await began("back");
    await test.save("back.ipynb", [answering("first")]);
    await expect.poll(() => say("back"), { timeout: 30_000 }).toBe("first");
    const state = (await (await test.ask("/v1/algorithms/back")).json()) as { state: string; problems: unknown[] };
    expect(state.state).toBe("live");
  });

  it("end when the module is laid in again", async () => {
    await mkdir(join(test.home, "app/model"), { recursive: true });
    const file = join(test.home, "app/model/laid.py");
    await writeFile(file, hanging("laid")[0] ?? "");
    await began("laid");
    await writeFile(file, answering("mended"));
    expect(await say("laid")).toBe("mended");
  });
});
