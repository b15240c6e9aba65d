import { once } from "node:events";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { saveNotebook } from "../server/support/bridge.ts";
import { type BridgeProcess, bridgeProcess, peakMemory } from "../server/support/bridge-process.ts";
import { runCommand, startCommand } from "./command-line.ts";

let bridge: BridgeProcess;
beforeAll(async () => {
  bridge = await bridgeProcess();
  await saveNotebook(
    join(bridge.home, "notebooks/mean.ipynb"),
    [
      "import json, time\ndef init(df, param):\n    return {}",
      'def fit(model, df, param):\n    print("fitting", len(df))\n    model["mean"] = float(df["a"].mean())\n    return model',
      'def apply(model, df, param):\n    time.sleep(float(param["options"]["params"].get("sleep", 0)))\n    return df.assign(mean=model["mean"])',
      'def save(model, name):\n    json.dump(model, open("/srv/app/model/data/" + name, "w"))\n    return model',
      'def load(name):\n    return json.load(open("/srv/app/model/data/" + name))',
      "def summary(model=None):\n    return model or {}",
    ],
    { title: "The mean", options: { types: { a: "float64" } } },
  );
  await saveNotebook(join(bridge.home, "notebooks/same.ipynb"), ["def apply(model, df, param):\n    return df"], {
    options: { apply: "row-wise", types: { a: "int64", b: "object" } },
  });
  await saveNotebook(join(bridge.home, "notebooks/wrong.ipynb"), ["x = 1", "def apply(model, df, param):\n    return nothing["]);
  expect((await run(["compute", "mean", "fit", "model_name=m"], "a\n1\n3\n")).code).toBe(0);
  expect((await run(["compute", "same"], "a,b\n1,x\n")).code).toBe(0);
});
afterAll(() => bridge[Symbol.asyncDispose]());

const own = (env: Record<string, string>) => ({ BRIDGE_HOME: bridge.home, BRIDGE_URL: bridge.url, ...env });
const start = (args: string[], env: Record<string, string> = {}) => startCommand(args, own(env));
const run = (args: string[], input: string | Readable = "", env: Record<string, string> = {}) => runCommand(args, { input, env: own(env) });
const json = async (args: string[]) => JSON.parse((await run([...args, "--json"])).out);

describe("bridge compute", () => {
  it("streams rows in and the result out, and tells receipt and prints beside", async () => {
    const fitted = await run(["compute", "mean", "fit", "model_name=n"], "a\n1\n3\n");
    expect(fitted).toMatchObject({ code: 0, out: "a,mean\n1.0,2.0\n3.0,2.0\n" });
    expect(fitted.err).toContain("fitting 2");
    expect(fitted.err).toMatch(/2 rows in, 2 rows out, [\d.]+ s; version [0-9a-f]{16}, model n@1; run /);
    expect(await run(["compute", "The mean", "model_name=n", "--quiet"], "a\n5\n")).toEqual({ code: 0, out: "a,mean\n5.0,2.0\n", err: "" });
    expect((await run(["compute", "mean", "summary", "model_name=n"])).out).toContain("mean");
    expect(await run(["compute", "mode=stage", "model_name=rows"], "a\n5\n")).toMatchObject({ code: 0, out: "" });
  });

  it("tells what failed, where and what to do, with exit code 1", async () => {
    const unknown = await run(["compute", "maen"], "a\n1\n");
    expect(unknown).toMatchObject({ code: 1, out: "", err: 'There is no algorithm named "maen".\n  Use one of: mean.\n' });
    const raised = await run(["compute", "mean", "fit", "model_name=m"], "b\n1\n");
    expect(raised.code).toBe(1);
    expect(raised.err).toMatch(/\(mean.*, cell 2 "cell2", line 3\)\n {2}/);
    const [{ id, error }] = await json(["runs", "--state", "failed", "--limit", "1"]);
    expect((await run(["runs", id])).out).toContain(error.message);
  });

  it.each([[["compute"]], [["compute", "a", "b", "c"]], [["compute", "a", "x=1", "x=2"]], [["compute", "a", "--colour"]], [["computer"]]])(
    "explains wrong usage: %j",
    async (args) => {
      const { code, out, err } = await run(args);
      expect({ code, out }).toEqual({ code: 2, out: "" });
      expect(err).toMatch(/^error: /);
    },
  );

  it("says when no bridge is there, or the token is not known", async () => {
    const absent = await run(["algorithms"], "", { BRIDGE_URL: "http://127.0.0.1:9" });
    expect(absent.code).toBe(1);
    expect(absent.err).toMatch(/^No bridge answers at http:\/\/127.0.0.1:9: .*\n {2}Start it with npm start/);
    expect((await run(["compute", "mean"], "a\n1\n", { BRIDGE_URL: "http://127.0.0.1:9" })).err).toMatch(/^No bridge answers/);
    expect((await run(["runs"], "", { BRIDGE_TOKEN: "x".repeat(20) })).err).toMatch(/^This token is not known here/);
    expect((await run(["runs"], "", { BRIDGE_HOME: "/nowhere" })).err).toMatch(/^There is no token in \/nowhere/);
  });

  it("holds no table in memory, however long", async () => {
    const block = `${Array.from({ length: 4000 }, (_, at) => `${at},${"x".repeat(100)}`).join("\n")}\n`;
    const rows = function* () {
      yield "a,b\n";
      for (let sent = 0; sent < 200e6; sent += block.length) yield block;
    };
    const child = start(["compute", "same"]);
    let [bytes, lines, peak] = [0, 0, 0];
    child.stderr?.resume();
    const reading = (async () => {
      for await (const part of child.stdout ?? []) {
        bytes += part.length;
        for (const byte of part) if (byte === 10) lines++;
        if (bytes > 190e6 && peak === 0) peak = await peakMemory(child.pid ?? 0);
      }
    })();
    if (child.stdin) await pipeline(Readable.from(rows()), child.stdin);
    const [code] = await once(child, "close");
    await reading;
    const blocks = Math.ceil(200e6 / block.length);
    expect({ code, bytes, lines }).toEqual({ code: 0, bytes: blocks * block.length + 4, lines: blocks * 4000 + 1 });
    expect(peak).toBeGreaterThan(0);
    expect(peak).toBeLessThan(250);
  });

  it("ends quietly when whoever reads it has seen enough, and ends the run", async () => {
    const child = start(["compute", "same", "--quiet"]);
    let err = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (err += text));
    const rows = function* () {
      yield "a,b\n";
      for (;;) yield "1,x\n".repeat(10_000);
    };
    if (child.stdin) pipeline(Readable.from(rows()), child.stdin).catch(() => {});
    if (child.stdout) await once(child.stdout, "data");
    child.stdout?.destroy();
    const [code] = await once(child, "exit");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    await ended("same");
  });

  it("ends the run when it is stopped by Ctrl-C", async () => {
    const child = start(["compute", "mean", "model_name=m", "sleep=60"]);
    child.stdin?.end("a\n1\n");
    while (!(await json(["runs", "--state", "running"])).some(({ algorithm }: { algorithm: string }) => algorithm === "mean"));
    child.kill("SIGINT");
    expect((await once(child, "exit"))[0]).toBe(130);
    await ended("mean");
  });

  async function ended(algorithm: string) {
    for (;;) {
      const [last] = await json(["runs", "--algorithm", algorithm, "--limit", "1"]);
      if (last.state === "cancelled") return;
      expect(["running", "queued"]).toContain(last.state);
    }
  }
});

describe("what there is", () => {
  it("is shown as tables, and one of them whole", async () => {
    const lines = (await run(["algorithms"])).out.split("\n");
    expect(lines[0]).toMatch(/^NAME +STATE +LIVE +SOURCE +PROBLEMS$/);
    expect(lines[1]).toMatch(/^mean +live +[0-9a-f]{16} +mean\.ipynb$/);
    expect((await run(["algorithms", "mean"])).out).toMatch(/^name +mean\ntitle +The mean\nstate +live\n/);
    expect((await run(["algorithms", "wrong"])).out).toContain("wrong.ipynb cell 2 line 2: error: ");
    expect((await run(["versions", "mean"])).out).toMatch(/^ALGORITHM +VERSION.*\nmean +[0-9a-f]{16} +live +20\d\d-/);
    const [{ version }] = await json(["versions", "mean"]);
    expect((await run(["versions", "mean", version])).out).toContain('options      {"types":{"a":"float64"}}');
    expect((await run(["models"])).out).toMatch(/^MODEL +VERSION +ALIASES.*\nn +1 +latest +mean@/);
    expect((await run(["datasets"])).out).toMatch(/^NAME +VERSION +ROWS.*\nrows +1 +1 +/);
    expect((await run(["datasets", "rows"])).out).toContain("a (int64)");
    const { out } = await run(["runs", "--algorithm", "mean"]);
    expect(out).toMatch(/^RUN +BEGAN +STATE/);
  });

  it("is printed as the API has it with --json", async () => {
    expect((await json(["algorithms"])).map(({ name }: { name: string }) => name)).toEqual(["mean", "same", "wrong"]);
    expect((await json(["algorithms", "same"])).methods).toEqual(["apply"]);
  });

  it("names what was meant", async () => {
    expect(await run(["algorithms", "meen"])).toMatchObject({ code: 1, err: 'There is no algorithm named "meen".\n  Use one of: mean.\n' });
  });
});
