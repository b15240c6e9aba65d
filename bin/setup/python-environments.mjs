import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findPython } from "./find-python.mjs";
import { addedFile, appinspectPython, jupyterPython, modelsPython, pythonFolder, requirements, uv } from "./folders.mjs";
import { run } from "./run.mjs";
import { say } from "./say.mjs";
import { hashOf, once, readOr } from "./stamp.mjs";

const UV_VERSION = "0.13.8";
const hint = "Look at what was written above; the Python package index must be reachable. Then run the same command again.";
const usedBy = { models: "models and kernels", jupyter: "JupyterLab", appinspect: "splunk-appinspect" };
const stampOf = (name) => join(pythonFolder, name, ".bridge-stamp");

/**
 * uv, the models' environment (unless BRIDGE_PYTHON names another) and JupyterLab's, each exactly as its hashed
 * requirements say, plus what was added to the models' by `npm run python -- add`.
 *
 * @returns whether anything was done
 */
export async function pythonEnvironments() {
  const done = [await once(stampOf("uv"), hashOf([], UV_VERSION), installUv)];
  if (!process.env.BRIDGE_PYTHON) {
    const hash = hashOf([requirements.models, addedFile], UV_VERSION);
    const models = async () => {
      await sync("models", modelsPython, requirements.models);
      await installAdded();
    };
    done.push(await once(stampOf("models"), hash, models));
  }
  const jupyter = () => sync("jupyter", jupyterPython, requirements.jupyter);
  done.push(await once(stampOf("jupyter"), hashOf([requirements.jupyter], UV_VERSION), jupyter));
  return done.includes(true);
}

/** For the tests: Splunk's own check of apps. @returns whether anything was done */
export function appinspectEnvironment() {
  const install = () => sync("appinspect", appinspectPython, requirements.appinspect);
  return once(stampOf("appinspect"), hashOf([requirements.appinspect], UV_VERSION), install);
}

async function installUv() {
  const python = findPython();
  say(`installing uv ${UV_VERSION} (${python})`);
  const folder = join(pythonFolder, "uv");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(pythonFolder, { recursive: true });
  await run("making an environment for uv", [python, "-m", "venv", folder], { hint });
  const pip = [join(folder, "bin", "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", `uv==${UV_VERSION}`];
  await run("installing uv", pip, { hint });
}

async function sync(name, python, file) {
  say(`installing the Python packages of ${usedBy[name]} (.python/${name})`);
  const folder = join(pythonFolder, name);
  if (!existsSync(python))
    await run("making an environment", [uv, "venv", "--quiet", "--clear", "--python", findPython(), folder], { hint });
  await run(`installing .python/${name}`, [uv, "pip", "sync", "--quiet", "--python", python, "--require-hashes", file], { hint });
}

/** The packages of added.txt, none of which may move a version that the base requirements pin (pandas < 3 among them). */
async function installAdded() {
  const added = readOr(addedFile, "").trim();
  if (!added) return;
  say(`installing what was added: ${added.split("\n").join(", ")}`);
  const constraints = join(tmpdir(), `bridge-constraints-${process.pid}.txt`);
  writeFileSync(constraints, withoutHashes(readOr(requirements.models, "")));
  try {
    const command = [uv, "pip", "install", "--quiet", "--python", modelsPython, "--constraints", constraints, "--requirements", addedFile];
    await run("installing added packages", command, {
      hint: "A package that needs other versions than the base's cannot be added (npm run python -- list).",
    });
  } finally {
    rmSync(constraints, { force: true });
  }
}

/** uv asks hashes of every package as soon as one has them. */
const withoutHashes = (text) => text.replaceAll(/\s*\\\n\s*--hash=\S+/g, "");
