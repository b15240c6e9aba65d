import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { python } from "../notebook-exporter/python.ts";

const tests = join(import.meta.dirname, "python");
const modules = readdirSync(tests)
  .filter((file) => file.endsWith("_test.py"))
  .map((file) => file.replace(/\.py$/, ""));

describe("compute_bridge in Python", () => {
  it.each(modules)(
    "%s",
    async (module) => {
      const ran = promisify(execFile)(python, ["-B", "-W", "ignore", "-m", "unittest", module], { cwd: tests, maxBuffer: 2 ** 26 });
      const { stderr } = await ran.catch((error: Error & { stderr?: string }) => Promise.reject(new Error(error.stderr ?? error.message)));
      expect(stderr).toMatch(/^OK/m);
    },
    600_000,
  );
});
