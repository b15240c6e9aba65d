import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Bench, type Probe, python } from "../bench.ts";

let bench: Bench;
let probe: Probe;
beforeAll(async () => {
  bench = await Bench.open();
  probe = await bench.worker(readFileSync(join(import.meta.dirname, "modules/phases.py"), "utf8"), { name: "phases" });
});
afterAll(() => bench?.[Symbol.asyncDispose]());

const at = (place: string) => JSON.stringify({ at: place });
const model = (name: string) => ({ name, key: null, folder: bench.home.data, shared: bench.home.data });

/** The contract's section 2: which phase an old client reads in the error's text. */
describe("phases of the old endpoints", () => {
  it.each([
    ["init", "init", "init"],
    ["summary", "init", "summary"],
    ["no summary", "init", "argument of type 'NoneType' is not iterable"],
    ["fit", "fit", "fit"],
    ["save", "save", "save"],
    ["apply", "apply", "apply"],
    ["result", "apply", "DataFrame constructor not properly called!"],
  ])("fit that fails in %s", async (place, phase, message) => {
    expect((await probe.call("a\n1\n", { method: "fit", strict: true, param: at(place) })).error).toMatchObject({ phase, message });
  });

  it.each([
    ["absent", "none", "init", "[Errno 2] No such file or directory: 'absent.bin'"],
    ["summary", "none", "init", "summary"],
    ["no summary", "none", "init", "argument of type 'NoneType' is not iterable"],
    ["m", "apply", "apply", "apply"],
    ["m", "result", "apply", "DataFrame constructor not properly called!"],
  ])("apply of the model %s that fails at %s", async (name, place, phase, message) => {
    expect((await probe.call("a\n1\n", { strict: true, model: model(name), param: at(place) })).error).toMatchObject({ phase, message });
  });

  it("a module without summary fails at import, in Python's words", async () => {
    const bare = await bench.worker("def init(df, param): pass\n", { name: "bare" });
    const { error } = await bare.call("a\n1\n", { method: "fit", strict: true });
    expect(error).toMatchObject({ phase: "import", type: "AttributeError", message: "module 'app.model.bare' has no attribute 'summary'" });
  });
});

describe("phases otherwise", () => {
  it("load has its own", async () => {
    expect((await probe.call("a\n1\n", { model: model("absent"), param: at("") })).error).toMatchObject({
      phase: "load",
      type: "FileNotFoundError",
    });
  });

  it("a fit needs neither summary nor init, save and apply", async () => {
    const bare = await bench.worker("def fit(model, df, param):\n    print(model)\n", { name: "bare" });
    const { csv, log, done } = await bare.call("a\n1\n", { method: "fit" });
    expect(csv).toBe("\n");
    expect(log).toEqual(["None"]);
    expect(done?.notes).toEqual(["The notebook defines no save, so what was fitted is not kept."]);
  });

  it("a summary that JSON cannot write is written all the same", async () => {
    const { csv } = await probe.call("", { method: "summary", model: model("m") });
    expect(csv).toBe('summary\n"{""version"": ""1"", ""nan"": null, ""of"": ""m""}"\n');
  });

  it("each call has a param of its own", async () => {
    const mutates = await bench.worker("def apply(model, df, param):\n    param['n'] += 1\n    return [{'n': param['n']}]\n");
    for (const _ of [1, 2]) expect((await mutates.call("a\n1\n", { param: '{"n": 1}' })).csv).toBe("n\n2\n");
  });

  it("except Exception does not swallow a cancel", async () => {
    const stubborn = await bench.worker(
      "def apply(model, df, param):\n    print('here')\n    while True:\n        try:\n            while True: pass\n        except Exception: pass\n",
    );
    const stopped = new AbortController();
    const reason = new Error("enough");
    await expect(stubborn.call("a\n1\n", {}, { signal: stopped.signal, onEvent: () => stopped.abort(reason) })).rejects.toBe(reason);
    expect(stubborn.link.isUsable).toBe(true);
  });
});

describe("a worker without a version", () => {
  it("stages rows as notebooks read them, the param unchanged, and a typed copy", async () => {
    const plain = await bench.plain();
    const stage = {
      csv: join(bench.home.root, "s.csv"),
      json: join(bench.home.root, "s.json"),
      parquet: join(bench.home.root, "s.parquet"),
    };
    const param = '{"options": {"params": {"a": "\\"q\\"", "n": null, "big": 9007199254740993}}}';
    const { done, error } = await plain.call("a,b,c,d\n007,1.50,NA,1\nx,2,y,NA\n8,,True,\n", {
      method: "stage",
      model: null,
      param,
      stage,
    });
    expect(error).toBeUndefined();
    expect(await readFile(stage.csv, "utf8")).toBe("a,b,c,d\n007,1.5,,1.0\nx,2.0,y,\n8,,True,\n");
    expect(await readFile(stage.json, "utf8")).toBe(param);
    // pyarrow's threads now and then abort an ordinary exit ("terminate called without an active exception").
    const show = "import os, sys, pandas as pd; print(dict(pd.read_parquet(sys.argv[1]).dtypes.astype(str)), flush=True); os._exit(0)";
    const back = execFileSync(python, ["-c", show, stage.parquet], { encoding: "utf8" });
    expect(back).toBe("{'a': 'object', 'b': 'float64', 'c': 'object', 'd': 'float64'}\n");
    expect(done?.rows).toEqual({ received: 3, used: 3, returned: 0 });
    expect(done?.signature?.map(({ type }) => type)).toEqual(["object", "float64", "object", "float64"]);
  });

  it("stages columns of mixed values, odd headers and no rows", async () => {
    const plain = await bench.plain();
    const stage = {
      csv: join(bench.home.root, "t.csv"),
      json: join(bench.home.root, "t.json"),
      parquet: join(bench.home.root, "t.parquet"),
    };
    for (const [text, written] of [
      ["a,a\n1,2\n", "a,a.1\n1,2\n"],
      ["a,b\n", "a,b\n"],
      ["a,b\nTrue,1\n,2\nx,3\n", "a,b\nTrue,1\n,2\nx,3\n"],
      ["a,b\nTrue,1\n,2\n", "a,b\nTrue,1\n,2\n"],
    ] as const) {
      const { error } = await plain.call(text, { method: "stage", model: null, stage });
      expect(error).toBeUndefined();
      expect(await readFile(stage.csv, "utf8")).toBe(written);
    }
  });

  it("parses: rows and types, or why they cannot be read", async () => {
    const plain = await bench.plain();
    expect((await plain.call("a,b\n1,x\n", { method: "parse", model: null })).done).toMatchObject({
      rows: { received: 1, used: 1, returned: 0 },
      signature: [
        { name: "a", type: "int64" },
        { name: "b", type: "object" },
      ],
    });
    expect((await plain.call("", { method: "parse", model: null })).error).toMatchObject({ phase: "parse", type: "EmptyDataError" });
  });
});
