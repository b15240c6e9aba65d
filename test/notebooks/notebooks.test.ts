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

let running: RunningJupyter;
beforeAll(async () => {
  running = await runningJupyter();
  const staged = join(running.home, "notebooks/data");
  await mkdir(join(running.home, "app/model/data"), { recursive: true });
  await run(python, [join(root, "demo/rows.py"), staged]);
  await copyFile(join(staged, "all.csv"), join(staged, "binary_classifier.csv"));
  const param = { options: { params: { algo: "binary_classifier", mode: "stage" } }, target_variables: ["diagnosis"] };
  await writeFile(join(staged, "binary_classifier.json"), JSON.stringify(param));
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

describe("the binary classifier's functions", () => {
  const named =
    notebooks.find(({ name }) => name === "binary_classifier")?.content.cells.filter(({ metadata }) => "name" in metadata) ?? [];
  const module = named.map(({ source }) => (Array.isArray(source) ? source.join("") : source)).join("\n\n\n");

  /** What Python prints as JSON, with the notebook's functions and the demo's rows at hand. */
  async function told(...code: string[]): Promise<unknown> {
    const given = `train, test = (pd.read_csv(f"${running.home}/notebooks/data/{part}.csv") for part in ("train", "test"))`;
    const { stdout } = await run(python, ["-c", [module, given, ...code].join("\n")]);
    return JSON.parse(stdout);
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
