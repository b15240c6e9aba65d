import { execFile, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { z } from "zod";
import { splunkPackage } from "../../bin/splunk/package.ts";

/** BRIDGE_APPINSPECT names another environment. */
const environment = process.env.BRIDGE_APPINSPECT || resolve(import.meta.dirname, "../../.python/appinspect");
const program = join(environment, "bin/splunk-appinspect");
const hasLibmagic = existsSync(program) && spawnSync(join(environment, "bin/python"), ["-c", "import magic"]).status === 0;

const Report = z.object({
  summary: z.object({ error: z.int(), failure: z.int(), future_failure: z.int(), warning: z.int(), success: z.int() }),
  reports: z.array(
    z.object({
      groups: z.array(
        z.object({ checks: z.array(z.looseObject({ name: z.string(), result: z.string(), messages: z.array(z.unknown()) })) }),
      ),
    }),
  ),
});

// Needs .python/appinspect and libmagic (`node bin/setup.mjs tests`).
it.skipIf(!hasLibmagic)("splunk-appinspect has nothing against the app but that it holds Python", { timeout: 300_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "appinspect-"));
  try {
    const { name, bytes } = splunkPackage();
    const report = join(folder, "report.json");
    await writeFile(join(folder, name), bytes);
    const args = ["inspect", join(folder, name), "--data-format", "json", "--output-file", report];
    await promisify(execFile)(program, args, { cwd: folder, maxBuffer: 2 ** 26 });
    const { summary, reports } = Report.parse(JSON.parse(await readFile(report, "utf8")));
    const checks = reports.flatMap(({ groups }) => groups.flatMap((group) => group.checks));
    const against = checks.filter(({ result }) => ["error", "failure", "future_failure", "warning"].includes(result));
    expect(against.map((each) => ({ ...each, messages: each.name === "check_for_python_script_existence" ? [] : each.messages }))).toEqual([
      expect.objectContaining({ name: "check_for_python_script_existence", result: "warning" }),
    ]);
    expect(summary).toMatchObject({ error: 0, failure: 0, future_failure: 0, warning: 1 });
    expect(summary.success).toBeGreaterThan(100);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
