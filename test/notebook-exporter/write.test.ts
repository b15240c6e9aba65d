import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Manifest } from "#contract/manifest.ts";
import { beginVersion, readManifest, sweepUnwritten, writeLive, writeVersion } from "../../notebook-exporter/write.ts";

const manifest: Manifest = {
  name: "my iris",
  version: "0123456789abcdef",
  runtime: "python",
  environment: "local",
  file: "my iris.py",
  notebook: "my iris.ipynb",
  title: "",
  description: "",
  category: "",
  requirements: [],
  options: {},
  entryPoints: [],
  methods: [],
  cells: [],
  siblings: { base: "0123456789abcde0" },
};
const files = { "app/model/my iris.py": "x = 'ü\r\n'\n", "app/model/base.py": "y = 1\n" };

async function folder() {
  const path = await mkdtemp(join(tmpdir(), "write-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
const all = async (path: string) => (await readdir(path, { recursive: true })).toSorted();

describe("writeVersion", () => {
  it("writes a version's folder and nothing beside it", async () => {
    await using models = await folder();
    const written = await writeVersion(models.path, { manifest, files });
    expect(written).toBe(join(models.path, ".versions/my iris/0123456789abcdef"));
    expect(await all(written)).toEqual(["app", "app/model", "app/model/base.py", "app/model/my iris.py", "manifest.json"]);
    expect(await readdir(join(models.path, ".versions/my iris"))).toEqual(["0123456789abcdef"]);
    expect(await readFile(join(written, "app/model/my iris.py"), "utf8")).toBe(files["app/model/my iris.py"]);
    expect(await readManifest(written)).toEqual(manifest);
    expect((await stat(written)).mode & 0o777).toBe(0o755);
  });

  it("writes a long one likewise", async () => {
    await using models = await folder();
    const long = { ...files, "app/model/base.py": `y = "${"x".repeat(300_000)}"\n` };
    const written = await writeVersion(models.path, { manifest, files: long });
    expect(await readFile(join(written, "app/model/base.py"), "utf8")).toBe(long["app/model/base.py"]);
    expect(await readManifest(written)).toEqual(manifest);
    expect(await readdir(join(models.path, ".versions/my iris"))).toEqual([manifest.version]);
  });

  it("leaves a version that is there alone", async () => {
    await using models = await folder();
    const written = await writeVersion(models.path, { manifest, files });
    const before = await stat(join(written, "manifest.json"));
    expect(await writeVersion(models.path, { manifest: { ...manifest, title: "new" }, files })).toBe(written);
    expect((await stat(join(written, "manifest.json"))).mtimeMs).toBe(before.mtimeMs);
  });

  it("writes one anew of which a loss of power left some", async () => {
    await using models = await folder();
    const written = await writeVersion(models.path, { manifest, files });
    const leftOf: ((path: string) => Promise<void>)[] = [
      (path) => rm(path),
      (path) => writeFile(path, ""),
      (path) => writeFile(path, new Uint8Array(9)),
    ];
    for (const leave of leftOf) {
      for (const path of ["manifest.json", "app/model/base.py", "app/model/my iris.py"]) {
        await leave(join(written, path));
        expect(await writeVersion(models.path, { manifest, files })).toBe(written);
        expect(await readManifest(written)).toEqual(manifest);
        for (const [each, text] of Object.entries(files)) expect(await readFile(join(written, each), "utf8")).toBe(text);
      }
    }
    expect(await readdir(join(models.path, ".versions/my iris"))).toEqual(["0123456789abcdef"]);
  });

  it("leaves one alone that is there by a manifest of another release", async () => {
    await using models = await folder();
    const written = await writeVersion(models.path, { manifest, files });
    const other = JSON.stringify({ version: manifest.version, of: "another release" });
    await writeFile(join(written, "manifest.json"), other);
    const { ino } = await stat(written);
    await writeVersion(models.path, { manifest, files });
    expect((await stat(written)).ino).toBe(ino);
    expect(await readFile(join(written, "manifest.json"), "utf8")).toBe(other);
  });

  it("leaves one alone that cannot be read now", async () => {
    await using models = await folder();
    const written = await writeVersion(models.path, { manifest, files });
    await rm(join(written, "app/model/base.py"));
    await mkdir(join(written, "app/model/base.py")); // reading it fails, whoever asks
    await expect(writeVersion(models.path, { manifest, files })).rejects.toMatchObject({ code: "EISDIR" });
    expect((await stat(join(written, "app/model/my iris.py"))).isFile()).toBe(true);
    expect(await readdir(join(models.path, ".versions/my iris"))).toEqual([manifest.version]);
  });

  it("is whole when several write the same version at once", async () => {
    await using models = await folder();
    await Promise.all(Array.from({ length: 8 }, () => writeVersion(models.path, { manifest, files })));
    expect(await readdir(join(models.path, ".versions/my iris"))).toEqual(["0123456789abcdef"]);
  });

  it("leaves nothing behind when it fails", async () => {
    await using models = await folder();
    // A file where a folder is needed.
    const bad = { ...files, "app/model/base.py/inner.py": "" };
    await expect(writeVersion(models.path, { manifest, files: bad })).rejects.toThrow();
    expect(await all(models.path)).toEqual([".versions", ".versions/my iris"]);
  });
});

describe("writeLive", () => {
  it("replaces the live file and keeps its mode", async () => {
    await using models = await folder();
    const version = await writeVersion(models.path, { manifest, files });
    const live = join(models.path, "my iris.py");
    const before = { manifest: { ...manifest, version: "0".repeat(16) }, files: { "app/model/my iris.py": "old" } };
    await writeLive(models.path, manifest, { folder: await writeVersion(models.path, before) });
    await chmod(live, 0o600);
    await writeLive(models.path, manifest, {
      folder: version,
      previous: join(models.path, ".versions", "my iris", before.manifest.version),
    });
    expect(await readFile(live, "utf8")).toBe(files["app/model/my iris.py"]);
    expect((await stat(live)).mode & 0o777).toBe(0o600);
    expect((await readdir(models.path)).toSorted()).toEqual([".versions", "my iris.py"]);
  });

  it("keeps a copy of a file that somebody else wrote", async () => {
    await using models = await folder();
    const version = await writeVersion(models.path, { manifest, files });
    await writeFile(join(models.path, "my iris.py"), "by hand");
    await writeLive(models.path, manifest, { folder: version });
    await writeLive(models.path, manifest, { folder: version });
    const [kept = "", ...more] = await readdir(join(models.path, ".replaced"));
    expect(more).toEqual([]);
    expect(await readFile(join(models.path, ".replaced", kept), "utf8")).toBe("by hand");
  });

  it("leaves the old file, and nothing new, when it fails", async () => {
    await using models = await folder();
    const version = await writeVersion(models.path, { manifest, files });
    await mkdir(join(models.path, "my iris.py"));
    await expect(writeLive(models.path, manifest, { folder: version })).rejects.toThrow();
    await expect(writeLive(models.path, { file: "absent.py" }, { folder: version })).rejects.toThrow("ENOENT");
    expect((await readdir(models.path)).toSorted()).toEqual([".versions", "my iris.py"]);
  });
});

describe("readManifest", () => {
  it("is undefined where there is no version, and throws for what is no manifest", async () => {
    await using models = await folder();
    expect(await readManifest(join(models.path, "absent"))).toBeUndefined();
    await writeFile(join(models.path, "manifest.json"), "{}");
    await expect(readManifest(models.path)).rejects.toThrow();
  });
});

describe("beginVersion", () => {
  it("shows nothing before it has its place, and then all", async () => {
    await using models = await folder();
    const begun = await beginVersion(models.path, { manifest, files });
    const versions = join(models.path, ".versions", manifest.name);
    expect((await readdir(versions)).filter((each) => !each.startsWith(".new-"))).toEqual([]);
    const { folder: placed, durable } = await begun.place();
    await durable;
    expect(await readdir(versions)).toEqual([manifest.version]);
    expect(await readManifest(placed)).toEqual(manifest);
  });

  it("leaves nothing when it is thrown away, and what was there when that is the same", async () => {
    await using models = await folder();
    const [kept, lost] = [await beginVersion(models.path, { manifest, files }), await beginVersion(models.path, { manifest, files })];
    await (await beginVersion(models.path, { manifest: { ...manifest, version: "aaaaaaaaaaaaaaaa" }, files })).discard();
    await kept.place();
    await lost.place();
    await (await beginVersion(models.path, { manifest, files })).discard();
    expect(await readdir(join(models.path, ".versions", manifest.name))).toEqual([manifest.version]);
  });
});

describe("sweepUnwritten", () => {
  it("removes what a killed process left behind, and nothing else", async () => {
    await using models = await folder();
    await writeVersion(models.path, { manifest, files });
    const whole = await all(models.path);
    for (const cut of [".new-abc", ".versions/my iris/.new-xyz/app"]) await mkdir(join(models.path, cut), { recursive: true });
    await sweepUnwritten(models.path, (name) => name !== "abc");
    expect((await readdir(models.path)).sort()).toEqual([".new-abc", ".versions"]);
    await sweepUnwritten(models.path, () => true);
    expect(await all(models.path)).toEqual(whole);
    await sweepUnwritten(join(models.path, "not there"), () => true);
  });
});
