import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { lay, layAtOnce } from "../../notebook-exporter/laid.ts";

/** All that lies in a folder: modes, and the files' bytes. */
async function laid(folder: string) {
  const found = [".", ...(await readdir(folder, { recursive: true }))].toSorted();
  return await Promise.all(
    found.map(async (path) => {
      const at = await stat(join(folder, path));
      return [path, at.mode, at.isFile() ? (await readFile(join(folder, path))).toString("hex") : ""];
    }),
  );
}

const part = fc.constantFrom("app", "model", "a b", "ü");
const files = fc
  .uniqueArray(fc.record({ folders: fc.array(part, { maxLength: 3 }), content: fc.string({ unit: "binary", maxLength: 50 }) }), {
    maxLength: 5,
  })
  .map((all) => Object.fromEntries(all.map(({ folders, content }, at) => [[...folders, `${at}.py`].join("/"), content])));

it("files written at once are those that are written one step after the other", async () => {
  const root = await mkdtemp(join(tmpdir(), "laid-"));
  let count = 0;
  try {
    await fc.assert(
      fc.asyncProperty(files, async (given) => {
        const [steps, once] = [join(root, `${++count}`), join(root, `${++count}`)];
        await mkdir(steps);
        await mkdir(once);
        await (await lay(steps, given)).synced;
        await layAtOnce(once, given).synced;
        expect(await laid(once)).toEqual(await laid(steps));
      }),
      { numRuns: 40 },
    );
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});

it("neither writes over a file, nor leaves one open", async () => {
  const root = await mkdtemp(join(tmpdir(), "laid-"));
  try {
    await writeFile(join(root, "b.py"), "old");
    const open = async () => (await readdir("/proc/self/fd").catch(() => [])).length;
    const before = await open();
    expect(() => layAtOnce(root, { "a.py": "new", "b.py": "new" })).toThrow("EEXIST");
    await rm(join(root, "a.py"));
    await expect(lay(root, { "a.py": "new", "b.py": "new" })).rejects.toThrow("EEXIST");
    expect(await readFile(join(root, "b.py"), "utf8")).toBe("old");
    await rm(join(root, "a.py"), { force: true });
    await layAtOnce(root, { "a.py": "new", "c/d.py": "new" }).synced;
    await expect.poll(open).toBe(before);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});
