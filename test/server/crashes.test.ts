import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestBridge, testBridge } from "./support/bridge.ts";

let test: TestBridge;
beforeAll(async () => {
  test = await testBridge();
});
afterAll(() => test[Symbol.asyncDispose]());

const segfault = "ctypes.string_at(0)";
interface Failure {
  readonly code: string;
  readonly hint: string;
  readonly cell?: number;
  readonly line?: number;
  readonly file?: string;
  readonly lastLines?: string;
}
const call = async (algorithm: string) => (await (await test.compute({ algorithm, method: "apply" }, "a\n1\n")).json()) as Failure;
const problemsOf = async (name: string) => {
  await test.compute({ algorithm: name, method: "apply" }, "a\n1\n");
  const { problems } = (await (await test.ask(`/v1/algorithms/${encodeURIComponent(name)}`)).json()) as {
    problems: { code: string; cell?: number; line?: number; message: string }[];
  };
  return problems.map(({ code, cell, line, message }) => ({ code, cell, line, message }));
};

describe("a process that its code ends in a call", () => {
  it.each([
    ["a crash", segfault, "SIGSEGV"],
    ["an abort", "os.abort()", "SIGABRT"],
    ["an exit", "os._exit(3)", "code 3"],
  ])("%s names cell and line, and what was printed before", async (what, ending, how) => {
    const name = `Ends ü by ${what}`;
    await test.save(`${name}.ipynb`, [
      "import ctypes\nimport os",
      `def inner():\n    print("the last words", flush=True)\n    ${ending}\n\ndef apply(model, df, param):\n    inner()\n    return df`,
    ]);
    expect(await call(name)).toMatchObject({
      ...{ code: "WORKER_LOST", cell: 2, line: 3, detail: expect.stringContaining(how) },
      ...{ hint: expect.stringContaining("cell 2, line 3"), lastLines: expect.stringMatching(/^the last words\n/) },
    });
  });

  it("an exit keeps what has no line end, and what a program that it started wrote", async () => {
    await test.save("half.ipynb", [
      'import os\ndef apply(model, df, param):\n    os.system("echo from a program")\n    print("half a line", end="")\n    os._exit(0)',
    ]);
    const { lastLines = "" } = await call("half");
    expect(lastLines).toContain("from a program");
    expect(lastLines).toContain("half a line");
  });

  it("a process that the code forks ends as it always did", async () => {
    await test.save("forks.ipynb", [
      'import os\ndef apply(model, df, param):\n    if os.fork() == 0:\n        os._exit(7)\n    return {"code": [os.waitstatus_to_exitcode(os.wait()[1])]}',
    ]);
    const answer = await test.compute({ algorithm: "forks", method: "apply" }, "a\n1\n");
    expect(await answer.text()).toBe("code\n7\n");
  });

  it.each([
    ["a crash", "import ctypes", segfault, "SIGSEGV"],
    ["an exit", "import os", "os._exit(3)", "code 3"],
  ])("%s at import is a problem of its cell and line", async (what, needs, ending, how) => {
    const name = `import of ${what}`;
    await test.save(`${name}.ipynb`, [needs, `print("here")\n${ending}\ndef apply(model, df, param):\n    return df`]);
    expect(await problemsOf(name)).toContainEqual({ code: "import-failed", cell: 2, line: 2, message: expect.stringContaining(how) });
  });
});
