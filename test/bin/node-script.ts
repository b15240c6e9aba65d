import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";

const setup = resolve(import.meta.dirname, "../../bin/setup");

/** Runs code that imports from bin/setup in a Node of its own, as the set-up does. `code` sees what `names` names. */
export function setupScript(file: string, names: string, code: string, env: NodeJS.ProcessEnv = process.env) {
  const source = `import { ${names} } from ${JSON.stringify(`${setup}/${file}`)};\n${code}`;
  return promisify(execFile)(process.execPath, ["--input-type=module", "-e", source], { env });
}
