import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { root } from "./folders.mjs";
import { run } from "./run.mjs";
import { say } from "./say.mjs";
import { hashOf, once } from "./stamp.mjs";

const stamp = join(root, "node_modules", ".cache", "compiled-stamp");
const folders = ["bin", "contract", "notebook-exporter", "runtimes", "server"];

/** The server's code, compiled ahead (bin/bridge.mjs): a start that has to takes a second and 25 MB more. Code that does not load is told of by whatever needs it. */
export function compiledCode() {
  const hash = hashOf([join(root, "package-lock.json")], ...folders.flatMap(filesIn));
  return once(stamp, hash, async () => {
    say("compiling the server");
    await run("bridge compile", [process.execPath, join(root, "bin", "bridge.mjs"), "compile"], { cwd: root, hint: "" }).catch(() => {});
  });
}

/** Each file of TypeScript, with its size and time. */
function filesIn(folder) {
  const names = readdirSync(join(root, folder), { recursive: true }).filter((name) => name.endsWith(".ts"));
  return names.sort().map((name) => {
    const found = statSync(join(root, folder, name), { throwIfNoEntry: false }); // an editor's link may lead nowhere
    return `${folder}/${name} ${found?.size} ${found?.mtimeMs}`;
  });
}
