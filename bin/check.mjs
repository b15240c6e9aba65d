// Types, lint and format, and names in our Python. `--fix` mends what can be mended.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { modelsPython, root } from "./setup/folders.mjs";

const modules = join(root, "node_modules");
const python = process.env.BRIDGE_PYTHON || modelsPython;
const withPython = ["runtimes", "notebook-exporter", "server", "demo", "client", "bench", "splunk-app"].filter((folder) =>
  existsSync(join(root, folder)),
);

/** Runs every check, also after one failed. @returns {{name: string, passed: boolean}[]} */
export function check({ fix = false } = {}) {
  const checks = {
    types: [process.execPath, join(modules, "typescript/bin/tsc"), "-p", root],
    "lint and format": [process.execPath, join(modules, "@biomejs/biome/bin/biome"), "check", ...(fix ? ["--write"] : []), root],
    "names in Python": [python, "-m", "pyflakes", ...withPython],
  };
  return Object.entries(checks).map(([name, [program, ...args]]) => {
    const { status, error } = spawnSync(program, args, { cwd: root, stdio: "inherit" });
    if (status !== 0) console.log(`check: ${name} failed${error ? `: ${error.message}` : ""}`);
    return { name, passed: status === 0 };
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const results = check({ fix: process.argv.includes("--fix") });
  if (results.every(({ passed }) => passed)) console.log("checked: types, lint and format, names in Python");
  else process.exitCode = 1;
}
