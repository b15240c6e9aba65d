import { accessSync, constants } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { JupyterFailed } from "#contract/errors.ts";

/** Where a program lies: a path is taken as it is, a bare name is looked for in `path` (the variable PATH). @throws JupyterFailed */
export function findProgram(program: string, path = "/usr/bin:/bin"): string {
  const places = program.includes("/") ? [resolve(program)] : path.split(delimiter).map((folder) => join(folder, program));
  const found = places.find(isExecutable);
  if (found) return found;
  throw new JupyterFailed(`JupyterLab cannot be started: there is no program ${program}. Run the set-up again: node bin/setup.mjs.`);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
