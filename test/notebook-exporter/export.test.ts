import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { Manifest } from "#contract/manifest.ts";
import { Problem } from "#contract/problem.ts";
import { startCheck } from "../../notebook-exporter/check.ts";
import { contentOf } from "../../notebook-exporter/content.ts";
import { exportNotebook } from "../../notebook-exporter/export.ts";
import type { Sibling } from "../../notebook-exporter/siblings.ts";
import { python } from "./python.ts";

const input = join(import.meta.dirname, "input");
const output = join(import.meta.dirname, "output");
const names = readdirSync(input).map((file) => basename(file, ".ipynb"));
const check = startCheck({ python });
afterAll(() => check[Symbol.asyncDispose]());

const base: Sibling = { version: "0000000000000001", files: { "app/model/base.py": "x = 1\n" }, siblings: {} };
const third: Sibling = {
  version: "0000000000000003",
  files: {
    "app/model/third.py": "from app.model import inner, base\n",
    "app/model/inner.py": "y = 1\n",
    "app/model/base.py": "x = 'old'\n",
  },
  siblings: { inner: "0000000000000004", base: "0000000000000000" },
};
const siblings = (module: string) => ({ base, third })[module];

const json = (value: unknown) => `${JSON.stringify(value, null, 2).replace(/\d+(\.\d+)+ is installed/g, "(some version) is installed")}\n`;
const load = (name: string): unknown => JSON.parse(readFileSync(join(input, `${name}.ipynb`), "utf8"));
const exportOf = (name: string, value = load(name)) => exportNotebook(name, value, check, { notebook: `${name}.ipynb`, siblings });

// Each notebook in input/ is a test, and what it becomes lies in output/<its name>/ to be read in
// review. A new notebook writes its output on its first run; in CI a missing output is a failure.
describe("exportNotebook", () => {
  it.each(names)("%s", async (name) => {
    const exported = await exportOf(name);
    for (const each of exported.problems) Problem.parse(each);
    if (!exported.manifest) {
      await expect(json({ problems: exported.problems })).toMatchFileSnapshot(join(output, name, "export.json"));
      return;
    }
    const { manifest, files, needs, problems } = exported;
    expect(Manifest.parse(manifest)).toEqual(manifest);
    const { [`app/model/${manifest.file}`]: source, ...copies } = files;
    await expect(source).toMatchFileSnapshot(join(output, name, manifest.file));
    await expect(json({ manifest, needs, problems, siblings: copies })).toMatchFileSnapshot(join(output, name, "export.json"));
  });

  it("leaves no output behind when an input goes", () => {
    expect(names).toEqual(expect.arrayContaining(readdirSync(output)));
  });

  it("gives the syntax tree that IPython's transformer gives, cell by cell", () => {
    const told = execFileSync(python, ["-I", join(import.meta.dirname, "same_tree.py"), input, output], { encoding: "utf8" });
    const { same, different, unparsable } = JSON.parse(told);
    expect(different).toEqual([]);
    // These have no tree; their texts are compared.
    expect(unparsable).toEqual(["deep", "half-characters", "indent-uneven", "open-backslash", "syntax-errors", "vertical-tab"]);
    expect(same).toBeGreaterThan(40);
  });
});

describe("a version", () => {
  const versionOf = async (value: unknown, name = "iris") => (await exportOf(name, value)).manifest?.version;
  const settings = (more: object) => {
    const notebook = JSON.parse(readFileSync(join(input, "names-mltkc.ipynb"), "utf8"));
    notebook.metadata.compute_bridge = more;
    return notebook;
  };
  const plain = settings({});

  it.each([
    ["title", settings({ title: "Other" })],
    ["description and category", settings({ description: "x", category: "y" })],
    ["an unknown setting", settings({ something: 1 })],
    ["outputs and prompts", { ...plain, cells: plain.cells.map((each: object) => ({ ...each, outputs: [1], execution_count: 7 })) }],
    ["ids", { ...plain, cells: plain.cells.map((each: object, at: number) => ({ ...each, id: `id-${at}` })) }],
    ["the kernel's version", { ...plain, metadata: { ...plain.metadata, language_info: { name: "python", version: "4" } } }],
  ])("stays the same with another %s", async (_, changed) => {
    expect(await versionOf(changed)).toBe(await versionOf(plain));
  });

  it.each([
    ["options", settings({ options: { timeout: 5 } })],
    ["an option that nobody knows", settings({ options: { mine: 1 } })],
    ["requirements", settings({ requirements: ["pandas"] })],
    ["environment", settings({ environment: "ray" })],
    ["code", { ...plain, cells: [...plain.cells, { cell_type: "code", metadata: { name: "x" }, source: "z = 1" }] }],
  ])("changes with %s", async (_, changed) => {
    expect(await versionOf(changed)).not.toBe(await versionOf(plain));
  });

  it("changes with a sibling's code, not with a sibling's other settings", async () => {
    const value = {
      nbformat: 4,
      metadata: {},
      cells: [{ cell_type: "code", metadata: { name: "x" }, source: "from app.model import base" }],
    };
    const at = async (found: Sibling) =>
      (await exportNotebook("a", value, check, { notebook: null, siblings: () => found })).manifest?.version;
    expect(await at({ ...base, version: "00000000000000ff" })).toBe(await at(base));
    expect(await at({ ...base, files: { "app/model/base.py": "x = 2\n" } })).not.toBe(await at(base));
  });
});

it("leaves line ends, tabs and braces as they were typed", async () => {
  const source = "a = '{{ b }} {% c %} <&>'\r\nif a:\r\n\tb = '''x\r\ny'''\r\n";
  const value = { nbformat: 4, metadata: {}, cells: [{ cell_type: "code", metadata: { name: "x" }, source }] };
  const exported = await exportOf("a", value);
  expect(exported.manifest && exported.files["app/model/a.py"]).toContain(`# cell 1: x\n${source}`);
});

it("comes to rest where two notebooks import each other", async () => {
  const live: Record<string, Sibling> = {};
  const publish = async (name: string, other: string) => {
    const cells = [{ cell_type: "code", metadata: { name: "x" }, source: `from app.model import ${other}` }];
    const context = { notebook: null, siblings: (module: string) => live[module] };
    const exported = await exportNotebook(name, { nbformat: 4, metadata: {}, cells }, check, context);
    if (!exported.manifest) throw new Error("no manifest");
    live[name] = { version: exported.manifest.version, files: exported.files, siblings: exported.manifest.siblings };
    return exported.manifest.version;
  };
  await publish("a", "b");
  const versions = [await publish("b", "a"), await publish("a", "b")];
  expect([await publish("b", "a"), await publish("a", "b")]).toEqual(versions);
});

describe("contentOf", () => {
  const notebook = (cells: object[], metadata: object = {}) => ({ nbformat: 4, nbformat_minor: 5, metadata, cells });
  const code = (source: string | string[], more: object = {}) => ({
    cell_type: "code",
    source,
    metadata: { name: "a" },
    outputs: [],
    ...more,
  });

  it("leaves out outputs, prompts, the text of markdown cells, and how sources and settings are laid out", () => {
    const one = notebook([code("a\nb"), { cell_type: "markdown", source: "x" }], {
      compute_bridge: { title: "t", category: "c" },
      widgets: 1,
    });
    const other = notebook([code(["a\n", "b"], { outputs: [{ text: "b" }], execution_count: 3 }), { cell_type: "markdown", source: "y" }], {
      compute_bridge: { category: "c", title: "t" },
    });
    expect(contentOf(one)).toBe(contentOf(other));
  });

  it.each([
    ["source", notebook([code("b")])],
    ["mark", notebook([code("a", { metadata: {} })])],
    ["name", notebook([code("a", { metadata: { name: "b" } })])],
    ["place", notebook([{ cell_type: "markdown", source: "" }, code("a")])],
    ["settings", notebook([code("a")], { compute_bridge: { title: "t" } })],
    ["kernel", notebook([code("a")], { language_info: { name: "R" } })],
  ])("changes with the %s", (_, changed) => {
    expect(contentOf(changed)).not.toBe(contentOf(notebook([code("a")])));
  });
});
