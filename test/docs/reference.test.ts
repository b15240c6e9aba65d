import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import * as errors from "#contract/errors.ts";
import { EventKind } from "#contract/event.ts";
import { type TestBridge, testBridge } from "../server/support/bridge.ts";

const root = resolve(import.meta.dirname, "../..");
const page = (name: string) => readFileSync(join(root, "docs", `${name}.md`), "utf8");
/** First column of a page's tables: what stands there as code. */
const told = (text: string) =>
  Array.from(text.matchAll(/^\| ([^|]*)\|/gm), ([, cell = ""]) => Array.from(cell.matchAll(/`([^`]+)`/g), ([, each]) => each)).flat();
const sources = ["contract", "notebook-exporter", "server"].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => /\.(ts|py)$/.test(file))
    .map((file) => readFileSync(join(root, folder, file), "utf8")),
);

let test: TestBridge;
beforeAll(async () => {
  test = await testBridge();
});
afterAll(() => test[Symbol.asyncDispose]());

it("docs/reference/problems.md lists the code of every problem", () => {
  const codes = sources.flatMap((text) => [
    ...Array.from(text.matchAll(/\bcode: "([a-z]+(?:-[a-z0-9]+)*)"/g), ([, code]) => code),
    ...Array.from(text.matchAll(/problem\(\s*"(?:error|warning)", "([a-z0-9-]+)"/g), ([, code]) => code),
    ...Array.from(text.matchAll(/\bproblem\(\s*"([a-z]+(?:-[a-z0-9]+)*)",/g), ([, code]) => code).filter(
      (code) => code !== "error" && code !== "warning",
    ),
    ...Array.from(text.matchAll(/^const [A-Z]+ = "([a-z]+(?:-[a-z]+)+)";$/gm), ([, code]) => code).filter(
      (code) => text.includes("severity: ") && code,
    ),
  ]);
  expect(
    told(page("reference/problems"))
      .filter((each) => each !== "code")
      .sort(),
  ).toEqual([...new Set(codes)].sort());
});

it("docs/reference/errors.md lists the code of every error", () => {
  const codes = Object.values(errors).flatMap((each) => {
    const source = String(each);
    return Array.from(source.matchAll(/\bcode = "([A-Z_]+)"/g), ([, code]) => code);
  });
  expect(codes.length).toBeGreaterThan(10);
  expect(told(page("reference/errors")).sort()).toEqual([...new Set([...codes, "INTERNAL"])].sort());
});

it("docs/reference/api.md lists every address of the API's description", async () => {
  const { paths } = (await (await test.ask("/openapi.json")).json()) as { paths: Record<string, object> };
  const served = Object.entries(paths).flatMap(([path, verbs]) => Object.keys(verbs).map((verb) => `${verb.toUpperCase()} ${path}`));
  const listed = told(page("reference/api"));
  const missing = served.filter((each) => !/ (?:\/dltk|\/compute$|\/summary$|\/fit$|\/apply$|\/$)/.test(each) && !listed.includes(each));
  expect(missing, "Add these to docs/reference/api.md.").toEqual([]);
  const gone = listed.filter((each) => each?.includes("/v1/") && !served.includes(each));
  expect(gone, "Nobody serves these any more: take them out of docs/reference/api.md.").toEqual([]);
});

it("docs/concepts/event.md lists every kind of event", () => {
  expect(told(page("concepts/event")).sort()).toEqual([...EventKind.options].sort());
});

it("docs/reference/configuration.md lists every variable, and each is read", () => {
  const read = Array.from(
    readFileSync(join(root, "server/config.ts"), "utf8").matchAll(/^ {2}(BRIDGE_[A-Z_]+|api_token):/gm),
    ([, name]) => name,
  );
  const listed = told(page("reference/configuration")).filter((each) => /^(BRIDGE_|api_token)/.test(each ?? ""));
  expect([...new Set(listed)].sort()).toEqual([...new Set(read)].sort());
});

it("docs/reference/cli.md names every command", async () => {
  const { execFileSync } = await import("node:child_process");
  const help = execFileSync(process.execPath, [join(root, "bin/cli.ts"), "--help"], { encoding: "utf8" });
  const commands = Array.from(help.matchAll(/^ {2}([a-z]+) (?!command)/gm), ([, name]) => name).filter((name) => name !== "help");
  const listed = told(page("reference/cli")).map((each) => each?.split(" ")[0]);
  expect(commands.filter((each) => !listed.includes(each))).toEqual([]);
});
