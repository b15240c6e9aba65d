import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

/** Which folder may import which (ARCHITECTURE.md). A folder or file not named on the right is out of reach. */
const mayImport: Record<string, string[]> = {
  contract: [],
  "notebook-exporter": ["contract"],
  runtimes: ["contract"],
  "server/store": ["contract"],
  "server/plugins": ["contract"],
  "server/jupyter": ["contract"],
  "server/tls": ["contract"],
  "server/environments": ["contract", "runtimes/runtime.ts"],
  "server/workers": ["contract", "runtimes", "server/environments"],
  "server/compute": [
    "contract",
    "runtimes",
    "server/environments",
    "server/workers",
    "server/store",
    "server/jupyter",
    "notebook-exporter",
  ],
  "server/routes": ["contract", "server/compute", "server/store"],
  bench: ["test/splunk-app/splunkd"],
};

const root = resolve(import.meta.dirname, "..");
const folders = Object.keys(mayImport);
const folderOf = (file: string) => folders.filter((folder) => file.startsWith(`${folder}/`)).sort((a, b) => b.length - a.length)[0];

const files = folders.flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => join(folder, file)),
);

function importsOf(file: string, { withTypes }: { withTypes: boolean }): string[] {
  const source = readFileSync(join(root, file), "utf8");
  const found: string[] = [];
  for (const [statement, target] of source.matchAll(/^(?:import|export)\b[^;"]*?from "((?:\.|#)[^"]+)";/gms)) {
    if (!withTypes && /^(?:import|export) type\b/.test(statement)) continue;
    const path = target as string;
    found.push(path.startsWith("#contract/") ? path.replace("#", "") : relative(root, resolve(root, dirname(file), path)));
  }
  return found;
}

describe("the direction of imports", () => {
  it.each(folders)("%s", (folder) => {
    const wrong = files
      .filter((file) => folderOf(file) === folder)
      .flatMap((file) => importsOf(file, { withTypes: true }).map((imported) => ({ file, imported })))
      .filter(({ imported }) => folderOf(imported) !== folder)
      .filter(({ imported }) => !mayImport[folder]?.some((allowed) => imported === allowed || imported.startsWith(`${allowed}/`)));
    expect(wrong).toEqual([]);
  });

  it("has no cycles", () => {
    const cycles: string[][] = [];
    const done = new Set<string>();
    const visit = (file: string, path: string[]): void => {
      const at = path.indexOf(file);
      if (at >= 0) cycles.push([...path.slice(at), file]);
      if (at >= 0 || done.has(file)) return;
      for (const next of importsOf(file, { withTypes: true })) if (files.includes(next)) visit(next, [...path, file]);
      done.add(file);
    };
    for (const file of files) visit(file, []);
    expect(cycles).toEqual([]);
  });

  it("leaves the server itself and its main to tests and to each other", () => {
    const allowed = ["server/main.ts", "server/server.ts"];
    const wrong = files.filter((file) => importsOf(file, { withTypes: true }).some((imported) => allowed.includes(imported)));
    expect(wrong).toEqual([]);
  });
});

describe("the size of files", () => {
  const lines = files.map((file) => ({ file, lines: readFileSync(join(root, file), "utf8").split("\n").length }));

  it("is never over 350 lines", () => {
    expect(lines.filter((each) => each.lines > 351)).toEqual([]);
  });

  it("is under 200 lines for nine files of ten", () => {
    const long = lines.filter((each) => each.lines > 200);
    expect(long.length, long.map((each) => `${each.file} ${each.lines}`).join(", ")).toBeLessThanOrEqual(Math.ceil(lines.length / 10));
  });
});
