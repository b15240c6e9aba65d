import { execFile, execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const tests = join(import.meta.dirname, "command");
const modules = readdirSync(tests)
  .filter((file) => file.endsWith("_test.py"))
  .map((file) => file.replace(/\.py$/, ""));

/** One interpreter of each version that Splunk may bring along, as far as this machine has them. */
function findPythons(): { version: string; python: string }[] {
  const pyenv = join(process.env.PYENV_ROOT ?? join(homedir(), ".pyenv"), "versions");
  const kept = existsSync(pyenv) ? readdirSync(pyenv).map((each) => join(pyenv, each, "bin/python3")) : [];
  const onPath = ["3.9", "3.10", "3.11", "3.12", "3.13"].map((version) => `python${version}`);
  const models = resolve(import.meta.dirname, "../../.python/models/bin/python");
  const found = new Map<string, string>();
  for (const python of [...onPath, ...kept, models]) {
    const version = versionOf(python);
    if (version !== undefined && /^3\.(9|\d\d)$/.test(version) && !found.has(version)) found.set(version, python);
  }
  return [...found].map(([version, python]) => ({ version, python }));
}

function versionOf(python: string): string | undefined {
  try {
    return execFileSync(python, ["-c", "import sys; print('%d.%d' % sys.version_info[:2])"], { encoding: "utf8", stdio: "pipe" }).trim();
  } catch {
    return undefined; // no such file, or a shim of a version that is not chosen
  }
}

const pythons = findPythons();

it("finds a Python to run the command under", () => {
  expect(pythons).not.toEqual([]);
});

describe.each(pythons)("the command under Python $version", ({ python }) => {
  it.concurrent.each(modules)(
    "%s",
    async (module) => {
      const ran = promisify(execFile)(python, ["-B", "-W", "error::SyntaxWarning", "-m", "unittest", module], { cwd: tests });
      const { stderr } = await ran.catch((error: Error & { stderr?: string }) => Promise.reject(new Error(error.stderr ?? error.message)));
      expect(stderr).toMatch(/^OK/m);
    },
    600_000,
  );
});
