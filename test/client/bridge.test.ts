import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type TestBridge, testBridge } from "../server/support/bridge.ts";

const rows = "a,b,label\n0.1,2,no\n3,0.5,yes\n0.2,1.5,no\n4,0.25,yes\n";
const notebook = (importing: string, predicting: string) => [
  `import joblib, pandas as pd\nfrom sklearn.linear_model import LogisticRegression\nfrom sklearn.pipeline import make_pipeline\nfrom sklearn.preprocessing import StandardScaler\n${importing}`,
  "F = ['a', 'b']\ndef init(df, param):\n    return make_pipeline(StandardScaler(), LogisticRegression())",
  "def fit(model, df, param):\n    model.fit(df[F], df['label'])",
  `def apply(model, df, param):\n    return pd.DataFrame({'said': ${predicting}})`,
  "def save(model, name):\n    joblib.dump(model, '/srv/app/model/data/' + name)\n    return model",
  "def load(name):\n    return joblib.load('/srv/app/model/data/' + name)",
  "def summary(model=None):\n    return {}",
];

let bridge: TestBridge;
beforeAll(async () => {
  bridge = await testBridge();
  await bridge.save("quick.ipynb", notebook("from compute_bridge import predict", "predict(model, df, F)"));
  await bridge.save("plain.ipynb", notebook("", "model.predict(df[F])"));
});
afterAll(() => bridge?.[Symbol.asyncDispose]());

async function text(algorithm: string, method: string, body: string): Promise<string> {
  return (await bridge.compute({ algorithm, method, model_name: "m" }, body)).text();
}

it("a notebook that imports the helper is live without advice, and answers as a plain one does, errors too", async () => {
  for (const algorithm of ["quick", "plain"]) await text(algorithm, "fit", rows);
  const { problems } = (await (await bridge.ask("/v1/algorithms/quick")).json()) as { problems: object[] };
  expect(problems).toEqual([]);
  for (const body of [rows, "a,b\n0.3,1\n", "b,a\n1,0.3\n", "text,a,b\nx,5,1\n", "a,b\n5,1\n", "a,b\n7,0.5\n"]) {
    const answer = await text("quick", "apply", body);
    expect(answer).toMatch(/^said\n(yes|no)\n/);
    expect(answer).toBe(await text("plain", "apply", body));
  }
  const detail = async (algorithm: string, body: string) =>
    (JSON.parse(await text(algorithm, "apply", body)) as { detail: string }).detail.replace(algorithm, "it");
  expect(await detail("quick", "a,b\n1,\n")).toContain("Input X contains NaN");
  for (const body of ["a,b\n1,\n", "a\n1\n", "a,b\nx,1\n"]) expect(await detail("quick", body)).toBe(await detail("plain", body));
});

it("a user's own compute_bridge is the one that is imported, wherever it lies; ours is there for the others", async () => {
  await mkdir(join(bridge.home, "app/model"), { recursive: true });
  await writeFile(join(bridge.home, "app/model/compute_bridge.py"), "whose = 'sibling'\n");
  const cell = [
    "import compute_bridge as top",
    "from app.model import compute_bridge as sibling",
    "def apply(model, df, param):",
    "    return [{'top': getattr(top, 'whose', 'ours'), 'sibling': sibling.whose}]",
  ].join("\n");
  await bridge.save("before.ipynb", [cell]);
  expect(await text("before", "apply", "a\n1\n")).toBe("top,sibling\nours,sibling\n");
  await writeFile(join(bridge.home, "compute_bridge.py"), "whose = 'top'\n");
  await bridge.save("after.ipynb", [cell]);
  expect(await text("after", "apply", "a\n1\n")).toBe("top,sibling\ntop,sibling\n");
});
