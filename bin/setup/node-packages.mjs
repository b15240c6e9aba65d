import { existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "./folders.mjs";
import { run } from "./run.mjs";
import { say } from "./say.mjs";
import { hashOf, once } from "./stamp.mjs";

const modules = join(root, "node_modules");
const stamp = join(modules, ".bridge-stamp");
const hash = () => hashOf([join(root, "package-lock.json")], process.platform, process.arch);

/** Node's packages, Node 24 itself among them, exactly as package-lock.json says. */
export function nodePackages() {
  return once(stamp, hash(), async () => {
    say(`installing Node packages${existsSync(modules) ? " anew" : ""}`);
    const command = ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"];
    const hint = "Look at what npm wrote above; it needs its registry to be reachable. Then run the same command again.";
    await run("npm ci", command, { cwd: root, hint });
  });
}
