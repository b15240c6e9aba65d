import { spawnSync } from "node:child_process";
import { SetupFailed } from "./say.mjs";

const names = ["python3.13", "python3.12", "python3.11", "python3"];
const asked = "import sys, importlib.util as u; print(sys.version_info >= (3, 11), u.find_spec('ensurepip') is not None, sys.executable)";

/** The first Python ≥ 3.11 that can make environments. @returns {string} its path */
export function findPython() {
  let withoutVenv;
  for (const name of names) {
    const { status, stdout } = spawnSync(name, ["-c", asked], { encoding: "utf8" });
    if (status !== 0) continue;
    const [isNew, hasVenv, ...path] = stdout.trim().split(" ");
    if (isNew !== "True") continue;
    if (hasVenv === "True") return path.join(" ");
    withoutVenv ??= name;
  }
  if (withoutVenv) {
    const hint = "On Debian and Ubuntu: apt-get install python3-venv. Then run the same command again.";
    throw new SetupFailed(`${withoutVenv} is here but cannot make environments (venv and ensurepip are missing).`, hint);
  }
  throw new SetupFailed(
    `No Python from 3.11 on was found (looked for ${names.join(", ")}).`,
    "Install one: apt-get install python3 python3-venv (Debian, Ubuntu), brew install python (macOS), or from python.org. Then run the same command again.",
  );
}
