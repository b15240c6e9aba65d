import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestBridge, testBridge } from "./support/bridge.ts";
import { recorder } from "./support/recorder.ts";

// The contract of DSDL's container, section 2, row by row, on a running server.
let test: TestBridge;
const csv = "a,b\n1,x\n2,y\n";
const meta = (algo: unknown, more: object = {}, params: object = {}) => ({
  options: { params: { algo, ...params }, ...more },
  feature_variables: ["a"],
});
const failing = (entry: string) =>
  recorder.map((cell) => (cell.includes(`def ${entry}(`) ? `${cell.split("\n")[0]}\n    return {}["${entry}-key"]` : cell));

beforeAll(async () => {
  test = await testBridge({ api_token: "old" });
  await test.save("recorder.ipynb", recorder);
  for (const entry of ["init", "fit", "apply", "save", "load"]) await test.save(`bad_${entry}.ipynb`, failing(entry));
  await test.save("bad_import.ipynb", ["import sys", "def fit(model, df, param): pass", "raise RuntimeError('at import')"]);
  await test.save(
    "no_summary.ipynb",
    recorder.filter((cell) => !cell.includes("def summary")),
  );
  await test.save(
    "scalar.ipynb",
    recorder.map((cell) => (cell.includes("def apply") ? "def apply(model, df, param):\n    return 5" : cell)),
  );
  await test.save(
    "echo.ipynb",
    recorder.map((cell) =>
      cell.includes("def apply") ? "def apply(model, df, param):\n    return df.drop(columns='added', errors='ignore')" : cell,
    ),
  );
  await test.save("result.ipynb", [
    "import numpy as np, pandas as pd, datetime",
    ...recorder.map((cell) =>
      cell.includes("def apply") ? "def apply(model, df, param):\n    return eval(param['options']['params']['returns'])" : cell,
    ),
  ]);
});
afterAll(() => test[Symbol.asyncDispose]());

describe("authentication", () => {
  it("wants a token, exact, in any of the forms that old clients send", async () => {
    const ask = (authorization?: string) =>
      fetch(`${test.bridge.url}/summary`, authorization === undefined ? {} : { headers: { authorization } });
    expect((await ask()).status).toBe(401);
    expect(await (await ask()).json()).toEqual({ detail: "No header with token" });
    for (const wrong of ["xold", "oldx", "Bearer xold", "Basic old", ""]) {
      const answer = await ask(wrong);
      expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
    }
    expect(await (await ask("Bearer nope")).json()).toEqual({ detail: "Invalid token" });
    for (const right of ["old", "Bearer old", "Splunk old", `Bearer ${test.bridge.token}`]) expect((await ask(right)).status).toBe(200);
  });
});

describe("/fit and /apply", () => {
  it("run the entry points in DSDL's order, with the same df and param", async () => {
    const answer = await test.old("fit", { data: csv, meta: meta("recorder"), extra: "ignored" });
    expect(answer).toMatchObject({ status: "success", message: "/fit done successfully" });
    const [calls, param, columns] = row(answer.results);
    expect(calls).toBe("summary,init,summary(model),fit,save:recorder_default,apply");
    expect(JSON.parse(param ?? "")).toEqual({ ...meta("recorder"), seen: ["init", "fit"] });
    expect(columns).toBe("a,b,added");
  });

  it("load the model for /apply, with a df and param of its own", async () => {
    await test.old("fit", { data: csv, meta: meta("recorder", { model_name: "m1" }) });
    const answer = await test.old("apply", { data: csv, meta: meta("recorder", { model_name: "m1" }) });
    expect(answer).toMatchObject({ status: "success", message: "/apply done successfully" });
    const [calls, param, columns, model] = row(answer.results);
    expect(calls).toMatch(/^(load:recorder_m1,)?summary\(model\),apply$/);
    expect(JSON.parse(param ?? "")).toEqual(meta("recorder", { model_name: "m1" }));
    expect([columns, JSON.parse(model ?? "")]).toEqual(["a,b", { columns: ["a", "b"], fitted: true }]);
  });

  it("answer with DSDL's keys in DSDL's order, and the run's id in a header", async () => {
    const answer = await test.ask("/fit", {
      method: "POST",
      body: JSON.stringify({ data: csv, meta: meta("echo") }),
      headers: { "content-type": "text/plain" },
    });
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(await answer.text()).toBe('{"status":"success","message":"/fit done successfully","results":"a,b\\n1,x\\n2,y\\n"}');
    expect((await test.ask(`/v1/runs/${answer.headers.get("compute-run")}`)).status).toBe(200);
  });

  it("count the bytes of the results as the client gets them, in however many pieces they were made", async () => {
    const data = `a,b\n${"1234567,x\n".repeat(300_000)}`;
    const answer = await test.ask("/fit", { method: "POST", body: JSON.stringify({ data, meta: meta("echo") }) });
    const { results } = (await answer.json()) as { results: string };
    expect(results).toBe(data);
    const run = await (await test.ask(`/v1/runs/${answer.headers.get("compute-run")}`)).json();
    expect(run).toMatchObject({ receipt: { bytes: { returned: data.length } } });
  });

  it("strip extra quotes from algo and nothing else", async () => {
    const answer = await test.old("fit", {
      data: csv,
      meta: meta('"recorder"', {}, { note: '"x"', three: 3, text: "3", nothing: null, list: [1, "2"], yes: true }),
    });
    const [, param] = row(answer.results);
    expect(JSON.parse(param ?? "").options.params).toEqual({
      algo: '"recorder"',
      note: '"x"',
      three: 3,
      text: "3",
      nothing: null,
      list: [1, "2"],
      yes: true,
    });
  });

  it("take NaN and Infinity, as Python's json writes and reads them", async () => {
    const words = '{"options":{"params":{"algo":"recorder","nan":NaN,"more":[Infinity,-Infinity, "NaN"]}},"feature_variables":[]}';
    const answer = await test.old("fit", `{"meta":${words},"data":${JSON.stringify(csv)},"other":NaN}`);
    expect(answer).toMatchObject({ status: "success" });
    expect(row(answer.results)[1]).toContain('"nan": NaN, "more": [Infinity, -Infinity, "NaN"]');
    expect(await test.old("fit", `{"data":NaN,"meta":${words}}`)).toMatchObject({
      message: expect.stringContaining("initial_value must be str or None, not float"),
    });
    for (const no of ["nan", "+Infinity", "-NaN", "1NaN", "NaN5", "Infinity.5"])
      expect(await test.old("fit", `{"data":"a","meta":{"x":${no}}}`), no).toMatchObject({
        message: expect.stringContaining("unable to parse json"),
      });
  });

  it("keep the spelling of numbers in param", async () => {
    const answer = await test.old(
      "fit",
      `{"data":"a\\n1\\n","meta":{"options":{"params":{"algo":"recorder","whole":1.0,"big":12345678901234567890123}}}}`,
    );
    expect(row(answer.results)[1]).toContain('"whole": 1.0, "big": 12345678901234567890123');
  });
});

describe("the phases of errors", () => {
  const parse =
    'unable to parse json from POST data. Provide a JSON object with structure { "data" : "<string of csv serialized pandas dataframe>", "meta" : {<json dict object for parameters>}}';
  const rows: [string, "fit" | "apply", unknown, string][] = [
    ["no JSON", "fit", "{", parse],
    ["an array", "apply", [1], parse],
    ["no data", "fit", { meta: {} }, parse],
    ["no meta", "fit", { data: csv }, parse],
    [
      "empty rows",
      "fit",
      { data: "", meta: meta("recorder") },
      "unable to convert raw data to pandas dataframe. Ended with exception: No columns to parse from file",
    ],
    [
      "ragged rows",
      "apply",
      { data: "a,b\n1,2\n1,2,3\n", meta: meta("recorder") },
      "unable to convert raw data to pandas dataframe. Ended with exception: Error tokenizing data. C error: Expected 2 fields in line 3, saw 3\n",
    ],
    ["an open quote", "fit", { data: 'a,b\n1,"2\n', meta: meta("recorder") }, "unable to convert raw data to pandas dataframe"],
    ["no options", "fit", { data: csv, meta: {} }, "unable to convert raw data to pandas dataframe. Ended with exception: 'options'"],
    ["mode is no text", "fit", { data: csv, meta: meta("recorder", {}, { mode: 3 }) }, "unable to stage dataframe"],
    [
      "unknown algo",
      "fit",
      { data: csv, meta: meta("nope") },
      "unable to load algo code from module. Ended with exception: No module named 'app.model.nope'",
    ],
    [
      "unknown algo",
      "apply",
      { data: csv, meta: meta("nope") },
      "unable to initialize module. Ended with exception: No module named 'app.model.nope'",
    ],
    ["rows are looked at before the algo", "fit", { data: "", meta: meta("nope") }, "unable to convert raw data to pandas dataframe"],
    ["import error", "fit", { data: csv, meta: meta("bad_import") }, "unable to load algo code from module"],
    [
      "no summary",
      "fit",
      { data: csv, meta: meta("no_summary") },
      "unable to load algo code from module. Ended with exception: module 'app.model.no_summary' has no attribute 'summary'",
    ],
    ["params missing", "fit", { data: csv, meta: { options: {} } }, "unable to load algo code from module. Ended with exception: 'params'"],
    ["algo no text", "fit", { data: csv, meta: meta(5) }, "unable to load algo code from module"],
    [
      "algo missing",
      "apply",
      { data: csv, meta: { options: { params: {} } } },
      "unable to initialize module. Ended with exception: 'algo'",
    ],
    ["init raises", "fit", { data: csv, meta: meta("bad_init") }, "unable to initialize module. Ended with exception: 'init-key'"],
    ["fit raises", "fit", { data: csv, meta: meta("bad_fit") }, "unable to fit model. Ended with exception: 'fit-key'"],
    ["save raises", "fit", { data: csv, meta: meta("bad_save") }, "unable to save model. Ended with exception: 'save-key'"],
    ["apply raises", "fit", { data: csv, meta: meta("bad_apply") }, "unable to apply model. Ended with exception: 'apply-key'"],
    [
      "no model file",
      "apply",
      { data: csv, meta: meta("recorder", { model_name: "never" }) },
      "unable to initialize module. Ended with exception: [Errno 2] No such file or directory: '/srv/app/model/data/recorder_never.json'",
    ],
    [
      "a scalar result",
      "fit",
      { data: csv, meta: meta("scalar") },
      "unable to apply model. Ended with exception: DataFrame constructor not properly called!",
    ],
    [
      "a model name that is a path",
      "fit",
      { data: csv, meta: meta("recorder", { model_name: "../../pwned" }) },
      "unable to initialize module",
    ],
    [
      "a dataset name that is a path",
      "fit",
      { data: csv, meta: meta("x", { model_name: "../../pwned" }, { mode: "stage" }) },
      "unable to stage dataframe",
    ],
  ];
  it.each(rows)("%s on /%s", async (_what, method, body, text) => {
    const answer = await test.old(method, body);
    expect(answer.status).toBe("error");
    expect(answer.message.startsWith(`/${method}: ERROR: ${text}`), answer.message).toBe(true);
    expect(answer).not.toHaveProperty("results");
  });

  it("keep nothing of a fit that failed", async () => {
    await test.old("fit", { data: csv, meta: meta("bad_apply", { model_name: "half" }) });
    expect(await (await test.ask("/v1/models?algorithm=bad_apply")).json()).toEqual([]);
  });
});

describe("staging", () => {
  it("writes what pandas writes, and meta as it came", async () => {
    const body = `{"data":"id,f,t\\n007,1.50,\\n8,2,NA\\n","meta":{"options":{"model_name":"rows","params":{"mode":"\\"stage\\""}},"x":1.0}}`;
    expect(await test.old("fit", body)).toEqual({
      status: "staged",
      message: "Model data staged successfully in /srv/notebooks/data/rows.csv - no model was built yet.",
    });
    expect(await readFile(join(test.home, "notebooks/data/rows.csv"), "utf8")).toBe("id,f,t\n7,1.5,\n8,2.0,\n");
    expect(await readFile(join(test.home, "notebooks/data/rows.json"), "utf8")).toContain('"x": 1.0');
  });

  it("needs no algo, and is exact about the mode", async () => {
    expect(await test.old("fit", { data: csv, meta: { options: { params: { mode: "stage" } } } })).toMatchObject({ status: "staged" });
    expect(await test.old("fit", { data: csv, meta: meta("echo", {}, { mode: "STAGE" }) })).toMatchObject({ status: "success" });
    expect(await test.old("apply", { data: csv, meta: meta("echo", {}, { mode: "stage" }) })).toMatchObject({ status: "success" });
  });
});

describe("rows in and out", () => {
  it.each([
    ["leading zeros are numbers", "a\n007\n", "a\n7\n"],
    ["words for nothing", "a,b\n,x\nNA,N/A\nnull,NULL\nNone,nan\n<NA>,y\n", "a,b\n,x\n,\n,\n,\n,y\n"],
    ["a gap turns ints float", "a,b\n1,1\n,2\n", "a,b\n1.0,1\n,2\n"],
    ["booleans", "a,b\nTrue,true\nFalse,\n", "a,b\nTrue,True\nFalse,\n"],
    ["large integers", "a,b\n18446744073709551615,99999999999999999999\n", "a,b\n18446744073709551615,99999999999999999999\n"],
    ["dates stay text", "a\n2026-01-31\n", "a\n2026-01-31\n"],
    ["infinity", "a\ninf\n-Infinity\n", "a\ninf\n-inf\n"],
    ["blanks stay", " a,b\n x , y\n", " a,b\n x , y\n"],
    ["repeated names", "a,a,b\n1,2,3\n", "a,a.1,b\n1,2,3\n"],
    ["an empty name", "a,\n1,2\n", "a,Unnamed: 1\n1,2\n"],
    ["a longer row makes an index", "a,b\n9,1,2\n8,3,4\n", "a,b\n1,2\n3,4\n"],
    ["short rows", "a,b\n1\n2,3\n", "a,b\n1,\n2,3.0\n"],
    ["blank lines", "a\n1\n\n2\n", "a\n1\n2\n"],
    ["a byte order mark and CRLF", "\ufeffa,b\r\n1,2\r\n", "a,b\n1,2\n"],
    ["a header alone", "a,b\n", "a,b\n"],
    [
      "quotes, commas, line ends, Unicode",
      'a,b\n"x,y","l1\nl2"\n"q""q",\u00fc\u{1f600}\n',
      'a,b\n"x,y","l1\nl2"\n"q""q",\u00fc\u{1f600}\n',
    ],
  ])("%s", async (_what, data, expected) => {
    expect((await test.old("fit", { data, meta: meta("echo") })).results).toBe(expected);
  });

  it.each([
    ["pd.DataFrame({'x': [0.1 + 0.2, None]}, index=[7, 8])", 'x\n0.30000000000000004\n""\n'],
    ["pd.Series([1, 2])", "0\n1\n2\n"],
    ["np.array([[1, 2], [3, 4]])", "0,1\n1,2\n3,4\n"],
    ["[1, 2]", "0\n1\n2\n"],
    ["[{'a': 1}, {'a': 2, 'b': True}]", "a,b\n1,\n2,True\n"],
    ["{'a': [True], 'd': [datetime.datetime(2026, 1, 31, 1, 2, 3)]}", "a,d\nTrue,2026-01-31 01:02:03\n"],
    ["None", "\n"],
    ["pd.DataFrame()", "\n"],
  ])("%s", async (returns, expected) => {
    const { results, message } = await test.old("fit", { data: "a\n1\n", meta: meta("result", {}, { returns }) });
    expect(results, message).toBe(expected);
  });

  it.each([["'text'"], ["{'a': 1}"], ["{'a': [1], 'b': [1, 2]}"], ["np.zeros((2, 2, 2))"]])("%s is no table", async (returns) => {
    expect((await test.old("fit", { data: "a\n1\n", meta: meta("result", {}, { returns }) })).message).toContain(
      "/fit: ERROR: unable to apply model",
    );
  });
});

describe("/summary and /", () => {
  it("tell JSON in a JSON text, of the last model of this caller", async () => {
    const other = { headers: { authorization: "Bearer old" } };
    expect(JSON.parse((await (await test.ask("/", other)).json()) as string)).toMatchObject({ model: "no model exists", token: "valid" });
    await test.old("fit", { data: csv, meta: meta("recorder") });
    const text = (await (await test.ask("/summary")).json()) as string;
    expect(JSON.parse(text)).toEqual({
      app: expect.any(String),
      version: expect.any(String),
      token: "valid",
      model: "{'columns': ['a', 'b'], 'fitted': True}",
      model_summary: { version: "1.0", half: 1, nan: null },
    });
    expect(text).toContain('"half": 1.0');
    expect(JSON.parse((await (await test.ask("/", other)).json()) as string)).toMatchObject({ model: "no model exists" });
  });
});

it.each([
  ["GET", "/fit", 405, "Method Not Allowed"],
  ["POST", "/summary", 405, "Method Not Allowed"],
  ["GET", "/nowhere", 404, "Not Found"],
])("%s %s is %i", async (method, path, status, detail) => {
  const answer = await test.ask(path, { method });
  expect([answer.status, await answer.json()]).toEqual([status, { detail }]);
});

/** The first row of a CSV with the recorder's columns, which hold JSON. */
function row(results: string | undefined): string[] {
  const line = (results ?? "").split("\n")[1] ?? "";
  return Array.from(line.matchAll(/"((?:[^"]|"")*)"|([^,]+)/g), ([, quoted, plain]) => (quoted ?? plain ?? "").replaceAll('""', '"'));
}
