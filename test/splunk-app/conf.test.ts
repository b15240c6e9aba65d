import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { python } from "../notebook-exporter/python.ts";
import { parseConf } from "./conf.ts";

const root = resolve(import.meta.dirname, "../..");
const app = join(root, "splunk-app");
const read = (file: string) => readFileSync(join(root, file), "utf8");
const conf = (name: string) => parseConf(read(`splunk-app/default/${name}.conf`));
const setting = (name: string, stanza: string, key: string) => conf(name).get(stanza)?.get(key);
const files = readdirSync(join(app, "default")).filter((each) => each.endsWith(".conf"));
/** First column of the tables of a page: what stands there as code. */
const told = (page: string) =>
  Array.from(read(page).matchAll(/^\| ([^|]*)\|/gm), ([, cell = ""]) =>
    Array.from(cell.matchAll(/`([^`]+)`/g), ([, each = ""]) => each),
  ).flat();

describe("the app's conf files", () => {
  it.each(files)("%s can be read", (file) => {
    expect(conf(file.replace(".conf", "")).size).toBeGreaterThan(0);
  });

  it("have one version, that of the bridge", () => {
    const { version } = z.object({ version: z.string() }).parse(JSON.parse(read("package.json")));
    const manifest = z
      .object({ info: z.object({ id: z.object({ version: z.string() }) }) })
      .parse(JSON.parse(read("splunk-app/app.manifest")));
    const versions = [setting("app", "id", "version"), setting("app", "launcher", "version"), manifest.info.id.version];
    expect(versions).toEqual([version, version, version]);
  });

  it("tell every setting of compute_bridge.conf in its spec and in the docs, and no other", () => {
    const spec = read("splunk-app/README/compute_bridge.conf.spec");
    const keys = (text: string) => [...new Set(Array.from(text.matchAll(/^(\w+) =/gm), ([, key = ""]) => key))].sort();
    const given = keys(read("splunk-app/default/compute_bridge.conf"));
    expect(given.length).toBeGreaterThan(5);
    expect(keys(spec)).toEqual(given);
    expect(
      told("docs/splunk/set-up.md")
        .filter((each) => given.includes(each))
        .sort(),
    ).toEqual(given);
    const stanzas = Array.from(spec.matchAll(/^\[([^\]:]+)/gm), ([, each = ""]) => each);
    expect([...conf("compute_bridge").keys()].filter((each) => !stanzas.includes(each.split(":")[0] ?? ""))).toEqual([]);
  });

  it("give the roles declared capabilities alone, one a verb, and import nothing", () => {
    const authorize = conf("authorize");
    const declared = [...authorize.keys()]
      .filter((each) => each.startsWith("capability::"))
      .map((each) => each.replace("capability::", ""));
    const roles = [...authorize].filter(([name]) => name.startsWith("role_"));
    expect(roles.map(([name]) => name)).toEqual(["role_bridge_user", "role_bridge_engineer", "role_bridge_admin"]);
    for (const [name, settings] of roles) for (const key of settings.keys()) expect(declared, name).toContain(key);
    expect([...(roles.at(-1)?.[1].keys() ?? [])].sort()).toEqual(declared.toSorted());
    const verbs = execFileSync(python, ["-c", "from compute_bridge_app.tokens import VERBS; print(*VERBS)"], {
      env: { PYTHONPATH: join(app, "bin"), PYTHONDONTWRITEBYTECODE: "1" },
      encoding: "utf8",
    });
    expect([...verbs.trim().split(" "), "admin"].map((each) => `compute_bridge_${each}`).sort()).toEqual(declared.toSorted());
  });

  it("name handlers that are there, and let Splunk Web reach the set-up alone", () => {
    const handlers = [...conf("restmap").values()].map((each) => ({
      script: each.get("script"),
      handler: each.get("handler")?.split("."),
    }));
    for (const { script = "", handler = [] } of handlers)
      expect(read(`splunk-app/bin/${script}`)).toContain(`class ${handler[1]}(PersistentServerConnectionApplication)`);
    expect([...conf("web").values()].map((each) => each.get("pattern"))).toEqual(["compute_bridge/setup"]);
  });

  it("hold examples that are off, and nothing that runs more than twelve times an hour", () => {
    for (const [name, settings] of conf("savedsearches")) expect([name, settings.get("disabled")]).toEqual([name, "1"]);
    expect(files).not.toContain("inputs.conf");
  });

  it("put no line of the log anywhere but where props.conf looks", () => {
    const [source = ""] = conf("props").keys();
    const inFolder = (text: string) => text.split("*").map(RegExp.escape).join("[^/]*");
    const pattern = new RegExp(`^${source.replace("source::", "").split("...").map(inFolder).join(".*")}$`);
    for (const file of ["compute_bridge.log", "compute_bridge.log.1", "compute_bridge_app.log"])
      expect(`/opt/splunk/var/log/splunk/${file}`).toMatch(pattern);
    expect("/opt/splunk/var/log/splunk/splunkd.log").not.toMatch(pattern);
  });
});

describe("the help of the command", () => {
  const stanza = conf("searchbnf").get("compute-command");
  const documented = told("docs/splunk/command.md").filter((each) => /^[a-z_]+$/.test(each));

  it("has a syntax with every option of docs/splunk/command.md that does something, an example with each, and is public", () => {
    expect(documented.length).toBeGreaterThan(10);
    const examples = [...(stanza ?? [])].filter(([key]) => key.startsWith("example")).map(([, value]) => value);
    const help = `${stanza?.get("syntax")} ${stanza?.get("description")}`;
    expect(documented.filter((each) => !new RegExp(`\\b${each}\\b`).test(help))).toEqual([]);
    for (const each of [
      "algorithm",
      "method",
      "mode",
      "model_name",
      "model_version",
      "fields",
      "feature_variables",
      "target_variables",
      "append",
    ])
      expect(
        examples.some((example) => example.includes(`${each}=`)),
        each,
      ).toBe(true);
    expect(stanza?.get("usage")).toBe("public");
  });

  // The command itself is the judge of what it takes.
  it("and docs/splunk/command.md name every option that the command takes", () => {
    const code = "from compute_bridge import call as c; print(*c._TO_BRIDGE, *c._IGNORED, *c._OURS)";
    const env = { PYTHONPATH: join(app, "bin"), PYTHONDONTWRITEBYTECODE: "1" };
    const options = execFileSync(python, ["-c", code], { env, encoding: "utf8" }).trim().split(" ");
    expect(options.filter((each) => !documented.includes(each))).toEqual([]);
  });
});

describe("the app's pages", () => {
  const Studio = z.object({
    dataSources: z.record(z.string(), z.object({ options: z.object({ query: z.string() }) })),
    visualizations: z.record(z.string(), z.object({ dataSources: z.object({ primary: z.string() }) })),
    inputs: z.record(z.string(), z.unknown()),
    layout: z.object({ globalInputs: z.array(z.string()), structure: z.array(z.object({ item: z.string() })) }),
  });

  it("of Activity show each search once, over the app's log", () => {
    const page = read("splunk-app/default/data/ui/views/activity.xml");
    const studio = Studio.parse(JSON.parse(/<definition><!\[CDATA\[(.*?)\]\]>/s.exec(page)?.[1] ?? ""));
    const { dataSources, visualizations, inputs, layout } = studio;
    for (const { options } of Object.values(dataSources)) expect(options.query).toMatch(/^index=_internal sourcetype=compute_bridge /);
    expect(
      Object.values(visualizations)
        .map((each) => each.dataSources.primary)
        .sort(),
    ).toEqual(Object.keys(dataSources).sort());
    expect(layout.structure.map(({ item }) => item).sort()).toEqual(Object.keys(visualizations).sort());
    expect(layout.globalInputs).toEqual(Object.keys(inputs));
  });

  it("are named by the navigation and by app.conf, and take nothing from Splunk Web", () => {
    const views = readdirSync(join(app, "default/data/ui/views")).map((each) => each.replace(".xml", ""));
    const named = Array.from(read("splunk-app/default/data/ui/nav/default.xml").matchAll(/<view name="(\w+)"/g), ([, each]) => each);
    expect(named.filter((each) => each !== "search").sort()).toEqual(views.sort());
    expect(views).toContain(setting("app", "ui", "setup_view"));
    expect(read("splunk-app/appserver/static/setup.js")).not.toMatch(/require\(|\bimport\b|splunkjs|https?:\/\/(?!bridge\.example)\w/);
  });
});
