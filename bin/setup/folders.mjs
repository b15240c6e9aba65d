import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout. */
export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

/** Where the environments of Python are made: nothing outside the checkout is changed. */
export const pythonFolder = join(root, ".python");

const inEnvironment = (name, program) => join(pythonFolder, name, "bin", program);

export const uv = inEnvironment("uv", "uv");
export const modelsPython = inEnvironment("models", "python");
export const jupyterPython = inEnvironment("jupyter", "python");
export const appinspectPython = inEnvironment("appinspect", "python");

/** What `npm run python -- add` added, one a line: it survives each later sync. */
export const addedFile = join(pythonFolder, "added.txt");

export const requirements = {
  models: join(root, "runtimes/python/requirements.txt"),
  jupyter: join(root, "server/jupyter/requirements.txt"),
  appinspect: join(root, "test/splunk-app/appinspect/requirements.txt"),
};
