import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import type { INotebookContent } from "@jupyterlab/nbformat";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NotebookSettings } from "#contract/manifest.ts";
import { connectJupyter } from "../../server/jupyter/client.ts";
import { python, type RunningJupyter, runningJupyter } from "../server/jupyter/running.ts";

const root = resolve(import.meta.dirname, "../..");
const run = promisify(execFile);
const shipped = readdirSync(join(root, "notebooks"), { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ipynb"));
const notebooks = shipped.map((file) => ({
  file,
  name: basename(file, ".ipynb"),
  content: JSON.parse(readFileSync(join(root, "notebooks", file), "utf8")) as INotebookContent,
}));

const examples = [
  { name: "anomaly_detector", rows: "logins", options: {}, targets: ["attack"] },
  { name: "forecast", rows: "requests", options: { by: "site" }, targets: ["count"] },
];

let running: RunningJupyter;
beforeAll(async () => {
  running = await runningJupyter();
  const staged = join(running.home, "notebooks/data");
  await mkdir(join(running.home, "app/model/data"), { recursive: true });
  await run(python, [join(root, "demo/rows.py"), staged]);
  await copyFile(join(staged, "all.csv"), join(staged, "binary_classifier.csv"));
  const param = { options: { params: { algo: "binary_classifier", mode: "stage" } }, target_variables: ["diagnosis"] };
  await writeFile(join(staged, "binary_classifier.json"), JSON.stringify(param));
  for (const { name, rows, options, targets } of examples) {
    const { stdout } = await run(python, [join(root, "docs/examples/rows.py"), rows], { maxBuffer: 2 ** 26 });
    await writeFile(join(staged, `${name}.csv`), stdout);
    const call = { options: { params: { algo: name, mode: "stage", ...options } }, target_variables: targets };
    await writeFile(join(staged, `${name}.json`), JSON.stringify(call));
  }
});
afterAll(() => running?.[Symbol.asyncDispose]());

describe.each(notebooks)("$file", ({ file, name, content }) => {
  it("marks each of the eight stages once, has ids and no outputs", () => {
    const marks = content.cells.flatMap(({ metadata }) => (typeof metadata.name === "string" ? [metadata.name] : []));
    const stages = ["import", "stage", "init", "fit", "apply", "save", "load", "summary"];
    expect(marks).toEqual(stages.map((stage) => `mltkc_${stage}`));
    expect(new Set(content.cells.map(({ id }) => id)).size).toBe(content.cells.length);
    expect(content.cells.flatMap(({ outputs }) => outputs ?? [])).toEqual([]);
    expect(NotebookSettings.parse(content.metadata.compute_bridge).runtime).toBe("python");
  });

  it("runs from top to bottom in a kernel", async () => {
    using client = connectJupyter(running.root, running.jupyter.token);
    const path = join("shipped", file);
    await mkdir(join(running.home, "notebooks", dirname(path)), { recursive: true });
    await client.createNotebook(path, content);
    const cells = content.cells.filter(({ cell_type }) => cell_type === "code").length;
    expect(await client.execute(path, undefined)).toBe(cells);
  });

  it("exports to the module that ships", async () => {
    const folder = await mkdtemp(join(tmpdir(), "export-"));
    const { stdout } = await run("node", [join(root, "bin/bridge.mjs"), "export", join(root, "notebooks", file), folder]);
    expect(stdout).toBe("");
    await expect(await readFile(join(folder, `${name}.py`), "utf8")).toMatchFileSnapshot(join(root, `app/model/${name}.py`));
    await rm(folder, { recursive: true, force: true });
  });
});

/** The notebook's marked cells as one text. */
function exported(notebook: string): string {
  const cells = notebooks.find(({ name }) => name === notebook)?.content.cells.filter(({ metadata }) => "name" in metadata) ?? [];
  return cells.map(({ source }) => (Array.isArray(source) ? source.join("") : source)).join("\n\n\n");
}

/** What Python prints as JSON. */
async function printed(...code: string[]): Promise<unknown> {
  const { stdout } = await run(python, ["-c", code.join("\n")]);
  return JSON.parse(stdout);
}

describe("the binary classifier's functions", () => {
  const module = exported("binary_classifier");

  /** What Python prints as JSON, with the notebook's functions and the demo's rows at hand. */
  async function told(...code: string[]): Promise<unknown> {
    const given = `train, test = (pd.read_csv(f"${running.home}/notebooks/data/{part}.csv") for part in ("train", "test"))`;
    return printed(module, given, ...code);
  }
  const param = (params: object, more: object = {}) =>
    `json.loads(r'${JSON.stringify({ options: { params }, target_variables: ["diagnosis"], ...more })}')`;
  const fitted = (text: string) =>
    `param = ${text}\nmodel = init(train, param)\nfit(model, train, param)\nscored = apply(model, test, param)`;

  it("are right on more than 95 of 100 rows they have not seen, and say so in the summary", async () => {
    const share =
      'print(json.dumps([float((scored["predicted_label"] == test["diagnosis"]).mean()), summary(model)["metrics"]["accuracy"]]))';
    const [accuracy, judged] = (await told(fitted(param({})), share)) as [number, number];
    expect(accuracy).toBeGreaterThan(0.95);
    expect(Math.abs(accuracy - judged)).toBeLessThan(0.04);
  });

  it("take options as the text that searches send, and only the columns named", async () => {
    const options = param({ C: '"0.01"', threshold: "1.1", positive: "malignant" }, { feature_variables: ["mean_radius", "mean_texture"] });
    const code = 'print(json.dumps([model["C"], model["features"], model["labels"][1], sorted(set(scored["predicted_label"]))]))';
    expect(await told(fitted(options), code)).toEqual([0.01, ["mean_radius", "mean_texture"], "malignant", ["benign"]]);
  });

  it("say what is missing when no label is named, and sum up before there is a model", async () => {
    const refused = "try:\n    init(train, {})\nexcept ValueError as e:\n    print(json.dumps([str(e), list(summary())]))";
    expect(await told(refused)).toEqual(["Name one column that holds the label: target_variables=<column>.", ["versions"]]);
  });
});

describe("the anomaly detector's functions", () => {
  const features = ["logins", "failures", "hosts", "countries", "bytes_out"];
  const param = (params: object, more: object = { feature_variables: features }) =>
    `json.loads(r'${JSON.stringify({ options: { params }, ...more })}')`;
  const told = (...code: string[]) =>
    printed(
      exported("anomaly_detector"),
      `df = pd.read_csv("${running.home}/notebooks/data/anomaly_detector.csv")`,
      "old, new = df.iloc[: len(df) * 2 // 3], df.iloc[len(df) * 2 // 3 :]",
      ...code,
    );

  it("find most of the attacks that were made up, and little else, in a week that they have not seen", async () => {
    const [precision, recall, reasons] = (await told(
      `param = ${param({ contamination: "0.005" })}\nmodel = init(old, param)\nfit(model, old, param)\nscored = apply(model, new, param)`,
      'hits = scored[(scored["is_anomaly"] == 1) & (scored["attack"] == 1)]',
      'print(json.dumps([len(hits) / scored["is_anomaly"].sum(), len(hits) / scored["attack"].sum(), sorted(set(hits["stands_out"]))]))',
    )) as [number, number, string[]];
    expect(precision).toBeGreaterThan(0.75);
    expect(recall).toBeGreaterThan(0.75);
    expect(reasons).toEqual(expect.arrayContaining(["bytes_out", "failures"]));
  });

  it("judge each row by itself, missing values too", async () => {
    const [whole, alone, empty] = (await told(
      `param = ${param({})}\nmodel = init(old, param)\nfit(model, old, param)\nrows = new.head(20).copy()`,
      'rows.loc[rows.index[3], "bytes_out"] = None\nwhole = apply(model, rows, param)["anomaly_score"].tolist()',
      'alone = [apply(model, rows.iloc[[at]], param)["anomaly_score"].iloc[0] for at in range(20)]',
      "print(json.dumps([whole, alone, list(apply(model, rows.head(0), param).columns)[-3:]]))",
    )) as [number[], number[], string[]];
    expect(alone).toEqual(whole);
    expect(empty).toEqual(["anomaly_score", "is_anomaly", "stands_out"]);
  });

  it("say what cannot be", async () => {
    const refused = (params: object, more: object) =>
      told(`try:\n    init(df, ${param(params, more)})\nexcept ValueError as e:\n    print(json.dumps(str(e)))`);
    expect(await refused({}, { feature_variables: ["user"] })).toBe(
      "These columns are not numeric: user. Count or encode them in the search.",
    );
    expect(await refused({ contamination: "5" }, {})).toBe("contamination=5.0 is no share between 0 and 0.5.");
  });
});

describe("the forecast's functions", () => {
  const param = (params: object) => `json.loads(r'${JSON.stringify({ options: { params }, target_variables: ["count"] })}')`;
  const told = (...code: string[]) =>
    printed(
      exported("forecast"),
      `df = pd.read_csv("${running.home}/notebooks/data/forecast.csv")`,
      'cut = df["_time"].max() - 7 * 86400\nold, new = df[df["_time"] <= cut], df[df["_time"] > cut]',
      `param = ${param({ by: "site", horizon: "0" })}\nmodel = init(old, param)`,
      ...code,
    );

  it("are nearer to a week that they have not seen than the week before it was, and most of it is within the range", async () => {
    const [error, naive, outside] = (await told(
      "fit(model, old, param)\nscored = apply(model, new, param)",
      'before = old.assign(_time=old["_time"] + 7 * 86400).rename(columns={"count": "before"})',
      'both = scored.merge(before, on=["_time", "site"])',
      'far = lambda name: float((both["count"] - both[name]).abs().mean())',
      'print(json.dumps([far("prediction"), far("before"), float(scored["outside"].mean())]))',
    )) as [number, number, number];
    expect(error).toBeLessThan(0.9 * naive);
    expect(outside).toBeLessThan(0.15);
  });

  it("add rows for the time to come to each series, with times of the same form", async () => {
    const rows = await told(
      `param = ${param({ by: "site", horizon: "2" })}\nfit(model, old, param)`,
      'shown = apply(model, new, param).groupby("site")["_time"].max() - cut',
      'text = old.assign(_time=pd.to_datetime(old["_time"], unit="s").dt.strftime("%Y-%m-%dT%H:%M:%SZ"))',
      'last = apply(model, text[text["site"] == "shop"], param)["_time"].iloc[-1]',
      'print(json.dumps([shown.to_dict(), last, pd.Timestamp(cut, unit="s").strftime("%Y-%m-%dT%H:%M:%SZ")]))',
    );
    const [shown, last, cut] = rows as [object, string, string];
    expect(shown).toEqual({ intranet: 7 * 86400 + 7200, shop: 7 * 86400 + 7200 });
    expect(Date.parse(last)).toBe(Date.parse(cut) + 7_200_000);
  });

  it("say which series a model does not know, and when rows are too few", async () => {
    const refused = (code: string) => told(`try:\n    ${code}\nexcept ValueError as e:\n    print(json.dumps(str(e)))`);
    expect(await refused("fit(model, old, param); apply(model, new.assign(site='moon'), param)")).toContain("knows no series 'moon'");
    expect(await refused("fit(model, old.head(10), param)")).toContain("are too few to learn a day's habits");
  });
});
