import { afterAll, beforeAll, expect, it } from "vitest";
import { type TestBridge, testBridge } from "./support/bridge.ts";

let test: TestBridge;
beforeAll(async () => {
  test = await testBridge();
});
afterAll(() => test[Symbol.asyncDispose]());

const cells = (top: string, fit: string) => [
  `import json, os\n${top}`,
  `def init(df, param):\n    return net`,
  `def fit(model, df, param):\n    ${fit}`,
  `def apply(model, df, param):\n    return [{"w": model.w, "pid": os.getpid()}]`,
  `def save(model, name):\n    json.dump(model.w, open("/srv/app/model/data/" + name, "w"))`,
  `def load(name):\n    net.w = json.load(open("/srv/app/model/data/" + name))\n    return net`,
  "def summary(model=None):\n    return {}",
];
const top = "class Net:\n    w = 0\nnet = Net()";
const fitOf = async (algorithm: string, rows: string, model = "m") => {
  const answer = await test.compute({ algorithm, method: "fit", model_name: model }, rows);
  return [answer.status, ...((await answer.text()).split("\n")[1] ?? "").split(",")];
};

it("each fit begins as after a fresh import, whatever objects the one before changed, failed, or both", async () => {
  await test.save("trains.ipynb", cells(top, `model.w += int(df["a"].sum()); 1 / (df["a"].iloc[0] != 7)\n    assert df["a"].iloc[0] != 8`));
  const pids = new Set();
  for (const w of ["3", "4", "3"]) {
    const [status, found, pid] = await fitOf("trains", `a\n${w}\n`);
    expect([status, found]).toEqual([200, w]);
    pids.add(pid);
    expect((await fitOf("trains", "a\n8\n"))[0]).toBe(422);
  }
  expect(pids.size).toBe(3);
});

it("fits that change nothing share a worker", async () => {
  await test.save("keeps.ipynb", cells(top, "global net; net = Net(); model.__class__; net.w = 5"));
  const [, , first] = await fitOf("keeps", "a\n1\n");
  const [, , second] = await fitOf("keeps", "a\n1\n");
  expect(second).toBe(first);
});

it("models that load into one object are each their own, and the receipt says what that costs", async () => {
  await test.save("shares.ipynb", cells(top, `model.w = int(df["a"].sum())`));
  for (const [model, w] of Object.entries({ one: 1, two: 2 })) await fitOf("shares", `a\n${w}\n`, model);
  const found = [];
  const notes: string[] = [];
  for (const model of ["one", "two", "one", "two", "two"]) {
    const answer = await test.compute({ algorithm: "shares", method: "apply", model_name: model }, "a\n0\n");
    found.push((await answer.text()).split("\n")[1]?.split(",")[0]);
    notes.push(...JSON.parse(answer.headers.get("compute-receipt") ?? "{}").notes);
  }
  expect(found).toEqual(["1", "2", "1", "2", "2"]);
  expect(new Set(notes)).toEqual(
    new Set([
      "load changes net (Net), which the top level made and other models share, so this model is loaded at each call. Make it inside load.",
    ]),
  );
});
