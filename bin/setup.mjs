// Gets the checkout ready, with nothing but Node ≥ 20 and Python ≥ 3.11: Node's packages, Python's environments.
// Every npm script runs it first; when all is up to date it does nothing.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { changePackages } from "./setup/added.mjs";
import { compiledCode } from "./setup/compiled.mjs";
import { debianPackages } from "./setup/debian-packages.mjs";
import { pythonFolder } from "./setup/folders.mjs";
import { withLock } from "./setup/lock.mjs";
import { nodePackages } from "./setup/node-packages.mjs";
import { appinspectEnvironment, pythonEnvironments } from "./setup/python-environments.mjs";
import { SetupFailed, say } from "./setup/say.mjs";

const [what = "all", ...rest] = process.argv.slice(2);

try {
  if (Number(process.versions.node.split(".")[0]) < 20) {
    throw new SetupFailed(`This is Node ${process.versions.node}.`, "Install Node 20 or newer, from nodejs.org or your system's packages.");
  }
  mkdirSync(pythonFolder, { recursive: true });
  await withLock(join(pythonFolder, ".setup-lock"), async () => {
    // "environments": the image fetches its Node packages apart from Python's.
    const changes = what === "environments" ? [] : [await nodePackages()];
    if (what === "tests") await debianPackages();
    changes.push(await pythonEnvironments());
    if (what !== "environments") changes.push(await compiledCode());
    if (what === "tests") changes.push(await appinspectEnvironment());
    if (what === "python") await changePackages(rest);
    if (changes.includes(true)) say("ready");
  });
} catch (error) {
  if (!(error instanceof SetupFailed)) throw error;
  say(error.message);
  process.exitCode = 1;
}
