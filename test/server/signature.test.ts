import { afterAll, beforeAll, expect, it } from "vitest";
import { type TestBridge, testBridge } from "./support/bridge.ts";

let test: TestBridge;
const cells = [
  "def init(df, param):\n    return {}",
  "def fit(model, df, param):\n    return {}",
  "def apply(model, df, param):\n    return {'seen': [' '.join(repr(value) for value in row) for row in df.itertuples(index=False)]}",
  "def save(model, name):\n    pass\ndef load(name):\n    return {}",
];
beforeAll(async () => {
  test = await testBridge();
  await test.save("seen.ipynb", cells);
  await test.save("some types.ipynb", cells, { options: { types: { b: "float64" } } });
});
afterAll(() => test[Symbol.asyncDispose]());

const seen = async (algorithm: string, method: string, rows: string) => {
  const answer = await test.compute({ algorithm, method }, rows);
  return (await answer.text()).trim().split("\n").slice(1);
};

it("an apply sees booleans with gaps as the fit did", async () => {
  const rows = 'flag\nTrue\n""\nFalse\n';
  const fitted = await seen("seen", "fit", rows);
  expect(fitted).toEqual(["True", "nan", "False"]);
  expect(await seen("seen", "apply", rows)).toEqual(fitted);
});

it("types that a notebook declares of some columns leave the others as the fit saw them", async () => {
  await seen("some types", "fit", "id,b\nA7,1\n007,2\n");
  expect(await seen("some types", "apply", "id,b\n007,1\n008,2\n")).toEqual(["'007' 1.0", "'008' 2.0"]);
});

it("a column without a value at the fit has no type that an apply must keep to", async () => {
  await seen("seen", "fit", "a,comment\n1,\n2,\n");
  expect(await seen("seen", "apply", "a,comment\n1,hello\n2,\n")).toEqual(["1 'hello'", "2 nan"]);
});

it("the end of an exception that is too long is kept, and not all of it", async () => {
  await test.save("long.ipynb", ["def apply(model, df, param):\n    raise ValueError('y' * 5_000_000 + 'end')"]);
  const answer = await test.compute({ algorithm: "long", method: "apply" }, "a\n1\n");
  const text = await answer.text();
  expect(text.length).toBeLessThan(200_000);
  expect(text).toContain("end");
});

it("what a call did to the time zone and the depth of recursion ends with it", async () => {
  const code = [
    "import os, sys, time",
    "def apply(model, df, param):",
    "    said = f'{time.localtime(0).tm_hour} {sys.getrecursionlimit() > 500}'",
    "    os.environ['TZ'] = 'Asia/Tokyo'",
    "    time.tzset()",
    "    sys.setrecursionlimit(300)",
    "    return {'said': [said]}",
  ];
  await test.save("tz.ipynb", [code.join("\n")]);
  const first = await seen("tz", "apply", "a\n1\n");
  expect(await seen("tz", "apply", "a\n1\n")).toEqual(first);
});
