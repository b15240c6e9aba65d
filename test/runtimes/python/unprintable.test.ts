import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Bench, type Probe } from "../bench.ts";

const source = readFileSync(join(import.meta.dirname, "modules/unprintable.py"), "utf8");
let bench: Bench;
let probe: Probe;
beforeAll(async () => {
  bench = await Bench.open();
});
beforeEach(async () => {
  probe = await bench.worker(source, { name: "unprintable" });
});
afterAll(() => bench?.[Symbol.asyncDispose]());

const file = "app/model/unprintable.py";

describe("an exception that cannot be printed is the code's failure, and the next call is served", () => {
  it.each([
    ["raising", "Raising", "Raising that has no text"],
    ["ending", "Ending", "Ending that has no text"],
    ["interrupting", "Interrupting", "Interrupting that has no text"],
    ["numbered", "Numbered", "Numbered that has no text"],
    ["texted", "Texted", "of a kind of its own"],
    ["elsewhere", "Elsewhere", "told"],
    ["nameless", "Nameless", "told"],
    ["empty name", "", "told"],
    ["surrogate", "ValueError", "\ud800"],
    ["key", "KeyError", "KeyError that has no text"],
    ["worse key", "KeyError", "KeyError that has no text"],
    ["arguments", "ValueError", "ValueError that has no text"],
    ["exit", "SystemExit", "SystemExit that has no text"],
    ["notes", "ValueError", "told"],
    ["no notes", "ValueError", "told"],
    ["cause", "ValueError", "told"],
    ["group", "ExceptionGroup", "told (2 sub-exceptions)"],
    ["file", "SyntaxError", "told"],
    ["line", "SyntaxError", expect.stringMatching(/^told/)],
    ["lines", "SyntaxError", expect.stringMatching(/^told/)],
  ])("%s", async (raises, type, message) => {
    const { error } = await probe.call("a\n1\n", { param: JSON.stringify({ raises }) });
    expect(error).toMatchObject({ phase: "apply", type, message });
    expect(error?.traceback).toContain(type);
    if (raises !== "elsewhere") expect([error?.file, error?.traceback]).toEqual([file, expect.stringContaining("unprintable.py")]);
    expect((await probe.call("a\n7\n")).csv).toBe("a\n7\n");
  });

  it.each([
    [false, "result", "NoTable", "NoRows cannot become a DataFrame (Raising that has no text)"],
    [true, "apply", "Raising", "Raising that has no text"],
  ])("of a result, strict: %s", async (strict, phase, type, message) => {
    const { error } = await probe.call("a\n1\n", { method: "in_a_result", strict });
    expect(error).toMatchObject({ phase, type, message });
    expect((await probe.call("a\n7\n")).csv).toBe("a\n7\n");
  });

  it.each([
    ["odd", "RuntimeError", "no text"],
    ["worse", "SystemExit", "3"],
  ])("of a summary and of a model that have no text: %s", async (name, type, message) => {
    const model = { name, key: null, folder: bench.home.data, shared: bench.home.data };
    for (const strict of [false, true]) {
      const { error } = await probe.call("", { method: "summary", strict, model });
      expect(error).toMatchObject({ phase: "summary", type, message });
      expect((await probe.call("a\n7\n")).csv).toBe("a\n7\n");
    }
  });

  it("of a class that refuses to be looked at", async () => {
    const refusing = "class Refusing(type):\n    def __getattribute__(cls, name):\n        raise RuntimeError('no ' + name)\n";
    const failed = bench.worker(`${refusing}class Refused(metaclass=Refusing):\n    pass\n`);
    await expect(failed).rejects.toMatchObject({ error: { phase: "import", type: "RuntimeError", message: "no __module__" } });
  });

  it("of an entry point that refuses to be looked at", async () => {
    const lazy = "class Lazy:\n    def __getattribute__(self, name):\n        raise RuntimeError('no ' + name)\n";
    const failed = bench.worker(`${lazy}apply = Lazy()\n`);
    await expect(failed).rejects.toMatchObject({ error: { phase: "import", type: "RuntimeError" } });
  });

  it("of a summary that is no Unicode", async () => {
    const odd = await bench.worker("def summary(model=None):\n    return {'file': 'caf\\udce9.csv'}\n", { name: "odd" });
    for (let i = 0; i < 2; i++)
      expect((await odd.call("", { method: "summary" })).error).toMatchObject({ phase: "summary", type: "UnicodeEncodeError" });
  });

  it.each(["Raising", "Ending", "Nameless"])("of a top level: %s", async (type) => {
    const failed = bench.worker(`${source}\nraise ${type}\n`, { name: "unprintable" });
    await expect(failed).rejects.toMatchObject({ error: { phase: "import", type, file } });
  });
});
