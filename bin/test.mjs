// The checks and all tests; ends with the line "N passed, N failed". Arguments that name tests run those alone.
// --also NAME=EXITCODE counts something that ran before as one test more. With CI=true a skipped test counts as failed.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { check } from "./check.mjs";
import { root } from "./setup/folders.mjs";

const also = process.argv.slice(2).flatMap((each, at, all) => (all[at - 1] === "--also" ? [each] : []));
const named = process.argv.slice(2).filter((each, at, all) => each !== "--also" && all[at - 1] !== "--also");

let passed = 0;
let failed = 0;
const notTests = [];
const count = (isPassed, name) => {
  if (isPassed) passed++;
  else failed++;
  if (!isPassed) notTests.push(name);
};

if (named.length === 0) for (const { name, passed } of check()) count(passed, name);

const folder = mkdtempSync(join(tmpdir(), "tests-"));
const file = join(folder, "tests.json");
const vitest = [join(root, "node_modules/vitest/vitest.mjs"), "run", "--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
const { status } = spawnSync(process.execPath, [...vitest, ...named], { cwd: root, stdio: "inherit" });
const tests = read(file);
rmSync(folder, { recursive: true, force: true });

const skipped = tests.numPendingTests + tests.numTodoTests;
passed += tests.numPassedTests;
failed += tests.numFailedTests;
// A file that cannot be loaded, or an error outside of any test, fails the run without failing a test.
if (status !== 0 && tests.numFailedTests === 0) count(false, "vitest itself: see above");
if (skipped > 0 && process.env.CI) {
  console.log(`${skipped} tests were skipped, which CI does not allow: install what they say they need.`);
  failed += skipped;
} else if (skipped > 0) console.log(`${skipped} tests were skipped: each says what it needs.`);
for (const each of also) count(each.endsWith("=0"), each.slice(0, each.lastIndexOf("=")));

for (const name of notTests) console.log(`failed: ${name}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

function read(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0 };
  }
}
