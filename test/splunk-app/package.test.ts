import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { splunkPackage } from "../../bin/splunk/package.ts";
import { tarGz } from "../../bin/splunk/tar.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "spl-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function listed(bytes: Uint8Array): Promise<string[]> {
  const file = join(folder, "app.spl");
  await writeFile(file, bytes);
  return execFileSync("tar", ["-tvzf", file], { encoding: "utf8" }).trim().split("\n");
}

it("is one folder of the app's name, with nothing that a try-out left, and written by its owner alone", async () => {
  const { name, bytes } = splunkPackage();
  expect(name).toMatch(/^compute_bridge-\d+\.\d+\.\d+\.spl$/);
  const lines = await listed(bytes);
  const paths = lines.map((line) => line.split(" ").at(-1) ?? "");
  expect(paths.filter((each) => !/^compute_bridge\/(?!\.)(?:[^/.][^/]*\/?)*$/.test(each))).toEqual([]);
  expect(paths.filter((each) => /__pycache__|\.pyc$|\/local\b|\/tests?\//.test(each))).toEqual([]);
  expect(lines.filter((line) => !/^(?:-rw-r--r--|drwxr-xr-x) /.test(line))).toEqual([]);
  for (const each of [
    "default/app.conf",
    "metadata/default.meta",
    "app.manifest",
    "LICENSE",
    "bin/compute_bridge_handler.py",
    "static/appIcon.png",
  ])
    expect(paths).toContain(`compute_bridge/${each}`);
});

it("is the same each time", () => {
  expect(splunkPackage().bytes.equals(splunkPackage().bytes)).toBe(true);
});

it("comes out of the archive as it went in, in whatever order", async () => {
  const entries = [
    { path: "a/two.txt", bytes: Buffer.alloc(512, "x") },
    { path: "a" },
    { path: "a/one.bin", bytes: Uint8Array.from([0, 255, 10]) },
    { path: "a/none", bytes: new Uint8Array() },
  ];
  const bytes = tarGz(entries);
  expect(tarGz(entries.toReversed()).equals(bytes)).toBe(true);
  await mkdir(join(folder, "out"));
  await writeFile(join(folder, "in.tgz"), bytes);
  execFileSync("tar", ["-xzf", join(folder, "in.tgz"), "-C", join(folder, "out")]);
  for (const { path, bytes: content } of entries.filter((each) => each.bytes))
    expect(execFileSync("cat", [join(folder, "out", path)])).toEqual(Buffer.from(content ?? []));
});

it.each(["/etc/passwd", "a/../../b", `a/${"x".repeat(100)}`])("takes no path such as %s", (path) => {
  expect(() => tarGz([{ path, bytes: new Uint8Array() }])).toThrow("cannot go into an archive");
});
