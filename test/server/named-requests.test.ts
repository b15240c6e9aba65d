import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestBridge, testBridge } from "./support/bridge.ts";
import { recorder } from "./support/recorder.ts";

// Old requests whose headers name the algorithm before `meta` does.
let test: TestBridge;
const csv = "a,b\n1,x\n2,y\n";
const meta = (algo: unknown, more: object = {}, params: object = {}) => ({
  options: { params: { algo, ...params }, ...more },
  feature_variables: ["a"],
});
type Answer = { status: string; message: string; results?: string };

async function named(method: "fit" | "apply", headers: Record<string, string>, body: unknown): Promise<Answer> {
  const json = typeof body === "string" ? body : JSON.stringify(body);
  return (await (await test.ask(`/${method}`, { method: "POST", headers, body: json })).json()) as Answer;
}

beforeAll(async () => {
  test = await testBridge({ api_token: "old" });
  await test.save("recorder.ipynb", recorder);
  await test.save("häufig 2.ipynb", recorder);
  await test.save(
    "echo.ipynb",
    recorder.map((cell) => (cell.includes("def apply") ? "def apply(model, df, param):\n    return df" : cell)),
  );
  await test.save("bad_import.ipynb", ["import sys", "def fit(model, df, param): pass", "raise RuntimeError('at import')"]);
});
afterAll(() => test[Symbol.asyncDispose]());

describe("Compute-Algorithm", () => {
  it("changes nothing of the answer: param is the meta that came, types are guessed from all rows", async () => {
    const asked = meta('"recorder"', { model_name: "m" }, { n: null, one: 1.0 });
    const fitted = await named("fit", { "compute-algorithm": "recorder", "compute-model": "m" }, { data: csv, meta: asked });
    expect(fitted).toEqual(await test.old("fit", { data: csv, meta: asked }));
    const spelled = `{"data":"a\\n007\\n1.50\\n","meta":${JSON.stringify(meta("echo")).replace('["a"]', "[1.0, 12345678901234567890]")}}`;
    await test.old("fit", spelled);
    const applied = await named("apply", { "compute-algorithm": "echo" }, spelled);
    expect(applied).toEqual({ status: "success", message: "/apply done successfully", results: "a\n7.0\n1.5\n" });
    const body = `{"data":"a\\n1\\n","meta":${JSON.stringify(meta("recorder")).replace('["a"]', "[1.0, 12345678901234567890]")}}`;
    await test.old("fit", body);
    expect((await named("apply", { "compute-algorithm": "recorder" }, body)).results).toContain("[1.0, 12345678901234567890]");
  });

  it("names what is percent-encoded", async () => {
    const asked = { data: csv, meta: meta("häufig 2", { model_name: "ä" }) };
    const headers = { "compute-algorithm": encodeURIComponent("häufig 2"), "compute-model": encodeURIComponent("ä") };
    expect(await named("fit", headers, asked)).toMatchObject({ status: "success" });
    expect((await test.ask("/fit", { method: "POST", headers: { "compute-algorithm": "%E4" }, body: "{}" })).status).toBe(400);
  });

  it("lets rows go to the worker before meta has come, and runs nothing when the caller then goes away", async () => {
    await test.old("fit", { data: csv, meta: meta("echo") });
    const { hostname, port } = new URL(test.bridge.url);
    const headers = { authorization: `Bearer ${test.bridge.token}`, "compute-algorithm": "echo", "compute-search": "gone" };
    const sent = request({ hostname, port, path: "/apply", method: "POST", headers });
    sent.on("error", () => {});
    sent.write(`{"data":"a\\n${"1\\n".repeat(10_000)}`);
    const runs = async () => (await (await test.ask("/v1/runs?algorithm=echo&limit=1")).json()) as [{ method: string; state: string }];
    await expect.poll(runs, { timeout: 20_000 }).toMatchObject([{ method: "apply", state: "running" }]);
    sent.destroy();
    await expect.poll(runs, { timeout: 20_000 }).toMatchObject([{ method: "apply", state: "cancelled" }]);
  });

  const large = "1,x\n".repeat(50_000);
  it.each<[string, "fit" | "apply", Record<string, string>, unknown, string]>([
    [
      "another algorithm in meta",
      "apply",
      { "compute-algorithm": "recorder" },
      { data: `a,b\n${large}`, meta: meta("echo") },
      '/apply: ERROR: unable to initialize module. Ended with exception: the headers name "recorder" and the model "default", but meta asks for "echo" and "default", so nothing was run.',
    ],
    [
      "another model in meta",
      "fit",
      { "compute-algorithm": "recorder", "compute-model": "one" },
      { data: csv, meta: meta("recorder", { model_name: "two" }) },
      '/fit: ERROR: unable to load algo code from module. Ended with exception: the headers name "recorder" and the model "one", but meta asks for "recorder" and "two"',
    ],
    [
      "a version of the model in meta",
      "apply",
      { "compute-algorithm": "recorder" },
      { data: csv, meta: meta("recorder", {}, { model_version: "3" }) },
      "/apply: ERROR: unable to initialize module. Ended with exception: meta asks for model_version 3",
    ],
    [
      "a staging",
      "fit",
      { "compute-algorithm": "recorder" },
      { data: csv, meta: meta("recorder", {}, { mode: "stage" }) },
      "/fit: ERROR: unable to load algo code from module. Ended with exception: the headers name an algorithm, but meta asks to stage",
    ],
    ["no meta", "apply", { "compute-algorithm": "recorder" }, { data: csv }, "/apply: ERROR: unable to parse json from POST data."],
    ["no end", "apply", { "compute-algorithm": "recorder" }, `{"data":"a\\n1`, "/apply: ERROR: unable to parse json from POST data."],
    [
      "two texts",
      "apply",
      { "compute-algorithm": "recorder" },
      `{"data":"a\\n1\\n","data":"a\\n2\\n","meta":${JSON.stringify(meta("recorder"))}}`,
      "/apply: ERROR: unable to parse json from POST data.",
    ],
    [
      "no text",
      "apply",
      { "compute-algorithm": "recorder" },
      { data: null, meta: meta("recorder") },
      "/apply: ERROR: unable to convert raw data to pandas dataframe. Ended with exception: No columns to parse from file",
    ],
    [
      "rows that cannot be read",
      "apply",
      { "compute-algorithm": "recorder" },
      { data: "a,b\n1,2\n1,2,3\n", meta: meta("recorder") },
      "/apply: ERROR: unable to convert raw data to pandas dataframe.",
    ],
    [
      "an algorithm that is not there",
      "apply",
      { "compute-algorithm": "nope" },
      { data: `a,b\n${large}`, meta: meta("nope") },
      "/apply: ERROR: unable to initialize module. Ended with exception: No module named 'app.model.nope'",
    ],
    [
      "code that cannot be imported",
      "fit",
      { "compute-algorithm": "bad_import" },
      { data: csv, meta: meta("bad_import") },
      "/fit: ERROR: unable to load algo code from module.",
    ],
  ])("refuses %s", async (_what, method, headers, body, text) => {
    await test.old("fit", { data: csv, meta: meta("recorder") });
    const answer = await named(method, headers, body);
    expect(answer.status).toBe("error");
    expect(answer.message.slice(0, text.length)).toBe(text);
    expect(answer).not.toHaveProperty("results");
    expect(await test.old("apply", { data: csv, meta: meta("recorder") }), "the next call").toMatchObject({ status: "success" });
  });

  it("keeps no model of a fit that meta does not ask for", async () => {
    await named("fit", { "compute-algorithm": "recorder", "compute-model": "mine" }, { data: csv, meta: meta("recorder") });
    expect(await (await test.ask("/v1/models?algorithm=recorder&name=mine")).json()).toEqual([]);
  });
});
