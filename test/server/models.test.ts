import { access, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ModelVersion } from "#contract/model.ts";
import { type TestBridge, testBridge } from "./support/bridge.ts";

let test: TestBridge;
beforeAll(async () => {
  test = await testBridge();
  await test.save("scale.ipynb", cells);
  await test.save("other.ipynb", cells);
});
afterAll(() => test[Symbol.asyncDispose]());

const cells = [
  "import json, os, time\ndef init(df, param):\n    return {}",
  'def fit(model, df, param):\n    model["by"] = float(df["by"].mean())\n    return model',
  [
    "def apply(model, df, param):",
    '    while os.path.exists(param["options"]["params"].get("hold", "")):',
    "        time.sleep(0.02)",
    '    return df.assign(out=df["a"] * model["by"])',
  ].join("\n"),
  'def save(model, name):\n    json.dump(model, open("/srv/app/model/data/" + name, "w"))\n    return model',
  'def load(name):\n    return json.load(open("/srv/app/model/data/" + name))',
  "def summary(model=None):\n    return model or {}",
];
const train = async (by: number, model: string, algorithm = "scale") => {
  const answer = await test.compute({ algorithm, method: "fit", model_name: model }, `a,by\n1,${by}\n`);
  expect(answer.status).toBe(200);
};
const apply = (options: Record<string, string>, rows = "a\n1\n") => test.compute({ algorithm: "scale", method: "apply", ...options }, rows);
const said = async (options: Record<string, string>) => (await (await apply(options)).text()).trim().split(",").at(-1);
const problem = async (answer: Response | Promise<Response>) =>
  (await (await answer).json()) as { code: string; detail: string; hint: string };
const remove = (path: string) => test.ask(path, { method: "DELETE" });
const versions = async (model: string) =>
  ((await (await test.ask(`/v1/models/${model}/versions`)).json()) as ModelVersion[]).map(({ version, aliases }) => [version, ...aliases]);

describe("model_version", () => {
  it("applies the version that is named, by number or alias, and the receipt says which", async () => {
    for (const by of [10, 20, 30]) await train(by, "m");
    expect(await versions("m")).toEqual([[3, "latest"], [2], [1]]);
    for (const [version, out] of [
      ["1", "10.0"],
      ["2", "20.0"],
      ["3", "30.0"],
      ["latest", "30.0"],
    ] as const) {
      const answer = await apply({ model_name: "m", model_version: version });
      expect(JSON.parse(answer.headers.get("compute-receipt") ?? "")).toMatchObject({
        model: { name: "m", version: Number(version) || 3 },
      });
      expect((await answer.text()).trim().split(",").at(-1)).toBe(out);
    }
    expect(await said({ model_name: "m" })).toBe("30.0");
    expect(await (await test.ask("/v1/models/m/versions/1")).json()).toMatchObject({
      signature: [
        { name: "a", type: "int64" },
        { name: "by", type: "int64" },
      ],
    });
  });

  it("works in the parameters of old requests", async () => {
    const meta = { options: { params: { algo: "scale", model_version: '"2"' }, model_name: "m" } };
    expect(await test.old("apply", { data: "a\n1\n", meta })).toMatchObject({ status: "success", results: "a,out\n1,20.0\n" });
    const unknown = { options: { params: { algo: "scale", model_version: 9 }, model_name: "m" } };
    expect((await test.old("apply", { data: "a\n1\n", meta: unknown })).message).toContain('named "9"');
    const own = { options: { params: { algo: "scale", model_version: "v2-mine" }, model_name: "own" } };
    expect(await test.old("fit", { data: "a,by\n1,1\n", meta: own })).toMatchObject({ status: "success" });
    expect(await test.old("apply", { data: "a\n1\n", meta: own })).toMatchObject({ status: "success" });
  });

  it("is not reached by a call that names no algorithm", async () => {
    await test.save("untitled.ipynb", cells, { title: "" });
    await test.compute({ algorithm: "untitled", method: "fit" }, "a,by\n1,1\n");
    const meta = { options: { params: { algo: "" } } };
    expect(await test.old("fit", { data: "a,by\n1,1\n", meta })).toMatchObject({ status: "error" });
    expect((await test.ask("/v1/runs?limit=1")).status).toBe(200);
  });

  it("that is not there, is none, or is given to a fit is refused", async () => {
    expect(await problem(apply({ model_name: "m", model_version: "9" }))).toMatchObject({
      code: "NOT_FOUND",
      hint: "Use one of: latest, 3, 2, 1.",
    });
    expect(await problem(apply({ model_name: "absent", model_version: "1" }))).toMatchObject({ code: "NOT_FOUND" });
    expect(await problem(apply({ model_name: "m", model_version: "../1" }))).toMatchObject({ code: "BAD_CALL" });
    expect(await problem(apply({ method: "fit", model_version: "1" }))).toMatchObject({ code: "BAD_CALL" });
  });
});

describe("rows that lack a column", () => {
  it("are told which the fit saw, and the nearest that came", async () => {
    const { code, hint } = await problem(apply({ model_name: "m" }, "A_,b\n1,2\n"));
    expect(code).toBe("CODE_FAILED");
    expect(hint).toMatch(
      /^The model was fitted with columns that these rows lack: "a" \(the nearest that came is "A_"\)\. Send them, or rename/,
    );
    expect(hint).toContain("Or: Look in cell 3");
  });

  it("but are no error where the code does without", async () => {
    expect((await apply({ model_name: "m" }, "a,more\n1,2\n")).status).toBe(200);
  });
});

describe("deleting a model", () => {
  it("is refused while a call applies it, and then takes its files away", async () => {
    await train(1, "held");
    const hold = join(test.home, "hold");
    await writeFile(hold, "");
    const under = apply({ model_name: "held", hold });
    const running = async () =>
      ((await (await test.ask("/v1/runs?state=running")).json()) as { model: string }[]).some((run) => run.model === "held");
    while (!(await running()));
    expect(await problem(remove("/v1/models/held/versions/1"))).toMatchObject({
      code: "CONFLICT",
      detail: "held@1 is in use by 1 call under way.",
    });
    await rm(hold);
    expect((await under).status).toBe(200);
    expect((await remove("/v1/models/held")).status).toBe(204);
    expect((await test.ask("/v1/models/held")).status).toBe(404);
    expect((await apply({ model_name: "held" })).status).toBe(400); // not from the copy in the shared folder
    await expect(access(join(test.home, "app/model/data/.models/scale/held/1"))).rejects.toThrow("ENOENT");
  });

  it("of the latest version makes the one before the latest, and its number is never used again", async () => {
    for (const by of [1, 2]) await train(by, "numbered");
    expect((await remove("/v1/models/numbered/versions/latest")).status).toBe(204);
    expect(await versions("numbered")).toEqual([[1, "latest"]]);
    expect(await said({ model_name: "numbered" })).toBe("1.0");
    await train(3, "numbered");
    expect(await versions("numbered")).toEqual([[3, "latest"], [1]]);
    expect(await said({ model_name: "numbered" })).toBe("3.0");
    expect((await remove("/v1/models/numbered")).status).toBe(204);
    await train(4, "numbered");
    expect(await versions("numbered")).toEqual([[4, "latest"]]);
  });

  it("says which algorithms have one of that name", async () => {
    await train(1, "shared");
    await train(2, "shared", "other");
    expect(await problem(remove("/v1/models/shared"))).toMatchObject({
      code: "BAD_CALL",
      hint: "Say which: algorithm=other or algorithm=scale.",
    });
    expect((await remove("/v1/models/shared?algorithm=other")).status).toBe(204);
    expect(await said({ model_name: "shared" })).toBe("1.0");
    expect(await problem(remove("/v1/models/shraed"))).toMatchObject({ code: "NOT_FOUND", hint: "Use one of: shared." });
  });
});

describe("deleting", () => {
  it("a dataset takes away all of its versions and what notebooks read", async () => {
    for (const rows of ["a\n1\n", "a\n2\n"]) await test.compute({ mode: "stage", model_name: "rows" }, rows);
    expect((await remove("/v1/datasets/rows")).status).toBe(204);
    expect((await test.ask("/v1/datasets/rows")).status).toBe(404);
    expect((await readdir(join(test.home, "notebooks/data"))).filter((each) => each.startsWith("rows"))).toEqual([]);
    await test.compute({ mode: "stage", model_name: "rows" }, "a\n3\n");
    expect(await (await test.ask("/v1/datasets/rows")).json()).toMatchObject({ version: 3, rows: 1 });
  });

  it("a version is refused while it is live", async () => {
    await test.save("changed.ipynb", ["def apply(model, df, param):\n    return 1"]);
    await test.compute({ algorithm: "changed", method: "apply" }, "a\n1\n");
    await test.save("changed.ipynb", ["def apply(model, df, param):\n    return df"]);
    await test.compute({ algorithm: "changed", method: "apply" }, "a\n1\n");
    const [live, old] = (await (await test.ask("/v1/versions?algorithm=changed")).json()) as { version: string }[];
    expect(await problem(remove(`/v1/versions/changed/${live?.version}`))).toMatchObject({ code: "CONFLICT" });
    expect((await remove(`/v1/versions/changed/${old?.version}`)).status).toBe(204);
    expect(await readdir(join(test.home, "app/model/.versions/changed"))).toEqual([live?.version]);
    expect(await problem(remove(`/v1/versions/changed/${old?.version}`))).toMatchObject({ code: "NOT_FOUND" });
  });

  it("an algorithm is refused while its notebook is there or it has models; what is left of it comes back with the notebook", async () => {
    await test.save("gone.ipynb", cells);
    await train(7, "m7", "gone");
    expect(await problem(remove("/v1/algorithms/gone"))).toMatchObject({
      code: "CONFLICT",
      detail: "gone is still there: its notebook is gone.ipynb.",
    });
    await rm(join(test.home, "notebooks/gone.ipynb"));
    while (((await (await test.ask("/v1/algorithms/gone")).json()) as { state: string }).state !== "missing") await test.ask("/v1/runs");
    expect(await problem(remove("/v1/algorithms/gone"))).toMatchObject({ code: "CONFLICT", detail: "gone has models: m7." });
    expect((await remove("/v1/models/m7")).status).toBe(204);
    expect((await remove("/v1/algorithms/gone")).status).toBe(204);
    expect((await test.ask("/v1/algorithms/gone")).status).toBe(404);
    await expect(access(join(test.home, "app/model/gone.py"))).rejects.toThrow("ENOENT");
    await test.save("gone.ipynb", cells);
    await train(8, "m7", "gone");
    expect(await versions("m7")).toEqual([[2, "latest"]]);
  });

  it("tells it as events", async () => {
    const events = await test.ask("/v1/events", { headers: { accept: "text/event-stream", "last-event-id": "0" } });
    let text = "";
    for await (const part of (events.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream())) {
      text += part;
      if (["model.deleted", "version.deleted", "dataset.deleted", "algorithm.deleted"].every((kind) => text.includes(kind))) break;
    }
  });
});

describe("further tokens", () => {
  const as = (token: string, path: string, init: RequestInit = {}) =>
    test.ask(path, { ...init, headers: { authorization: `Bearer ${token}`, "content-type": "application/json" } });
  const add = (name: string) => as(test.bridge.token, "/v1/tokens", { method: "POST", body: JSON.stringify({ name }) });

  it("are good at once, are named in runs, manage no others, and are gone at once", async () => {
    const { token } = (await (await add("splunk")).json()) as { token: string };
    expect((await as(token, "/v1/runs?limit=1")).status).toBe(200);
    expect(await problem(as(token, "/v1/tokens"))).toMatchObject({ code: "FORBIDDEN" });
    expect(await problem(add("splunk"))).toMatchObject({ code: "CONFLICT" });
    expect(await problem(add("own"))).toMatchObject({ code: "CONFLICT" });
    expect(await (await test.ask("/v1/tokens")).json()).toMatchObject([{ name: "splunk" }]);
    expect((await remove("/v1/tokens/splunk")).status).toBe(204);
    expect((await as(token, "/v1/runs?limit=1")).status).toBe(401);
    expect((await remove("/v1/tokens/splunk")).status).toBe(404);
  });
});
