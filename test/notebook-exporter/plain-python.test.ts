import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { python } from "./python.ts";

const run = promisify(execFile);
const exporter = resolve(import.meta.dirname, "../../notebook-exporter");

it("cells that IPython is not asked about are as it would leave them", async () => {
  const seed = String(Math.random());
  const { stdout } = await run(python, ["-B", join(import.meta.dirname, "plain_python.py"), exporter, seed], { timeout: 60_000 });
  const { plain, asked, different } = JSON.parse(stdout);
  expect(different, `with the seed ${seed}`).toEqual([]);
  expect(plain).toBeGreaterThan(2_000);
  expect(asked).toBeGreaterThan(2_000);
}, 60_000);

it("a package is found as soon as it is there, and missed as soon as it is gone", async () => {
  const folder = await mkdtemp(join(tmpdir(), "packages-"));
  try {
    await mkdir(join(folder, "namespace_one"));
    const script = `
import os, shutil, sys
sys.path[:0] = [${JSON.stringify(exporter)}, ${JSON.stringify(folder)}]
from python_check.imports import is_here
found = [is_here("json"), is_here("late_one"), is_here("namespace_one")]
with open(${JSON.stringify(join(folder, "late_one.py"))}, "w"): pass
found += [is_here("late_one"), is_here("late_one")]
os.remove(${JSON.stringify(join(folder, "late_one.py"))})
os.mkdir(${JSON.stringify(join(folder, "late_one"))})
with open(${JSON.stringify(join(folder, "late_one/__init__.py"))}, "w"): pass
found += [is_here("late_one")]
shutil.rmtree(${JSON.stringify(join(folder, "late_one"))})
shutil.rmtree(${JSON.stringify(join(folder, "namespace_one"))})
found += [is_here("late_one"), is_here("namespace_one")]
print(found)
`;
    await writeFile(join(folder, "script.py"), script);
    const { stdout } = await run(python, ["-B", join(folder, "script.py")]);
    expect(stdout.trim()).toBe("[True, False, True, True, True, True, False, False]");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
