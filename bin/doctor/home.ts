import { access, constants, readdir, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { homeFolder } from "../places.ts";
import { type Finding, ok, warning, wrong } from "./finding.ts";

const GIGABYTE = 2 ** 30;
/** In GiB. A large staging needs more than the first. */
const [LITTLE, ENOUGH] = [0.5, 2];

/** BRIDGE_HOME: whether it is there, may be written, has room, and keeps its secrets. */
export async function checkHome(env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const home = homeFolder(env);
  if (!(await isThere(home))) return [warning(`There is no home yet: ${home}`, "The first start makes it: npm start or bridge start.")];
  const findings = [await writable(home), await room(home)];
  const secret = join(home, ".bridge");
  if (await isThere(secret)) findings.push(await hidden(secret));
  findings.push(await notebooks(join(home, "notebooks")));
  return findings;
}

async function writable(home: string): Promise<Finding> {
  for (const folder of ["", "notebooks", "notebooks/data", "app/model", "app/model/data", ".bridge"]) {
    const path = join(home, folder);
    if (!(await isThere(path))) continue;
    try {
      await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
    } catch {
      return wrong(`${path} cannot be written by this user.`, "Give it to the user that runs the bridge (chown).");
    }
  }
  return ok(`the home is ${home}`);
}

async function room(home: string): Promise<Finding> {
  const { bavail, bsize, ffree, files } = await statfs(home);
  const free = (bavail * bsize) / GIGABYTE;
  if (files > 0 && ffree === 0) return wrong(`The disk of ${home} takes no more files.`, "Remove some: saves, fits and stagings fail.");
  if (free < LITTLE) {
    return wrong(
      `The disk of ${home} is almost full: ${Math.floor(free * 1024)} MiB are free.`,
      "Make room: saves, fits and stagings fail on a full disk.",
    );
  }
  const what = `${free.toFixed(1)} GiB of disk free for the home`;
  return free < ENOUGH ? warning(what, "Make room before saves, fits and stagings fail.") : ok(what);
}

async function hidden(folder: string): Promise<Finding> {
  const { mode } = await stat(folder);
  return mode & 0o077
    ? wrong(`${folder} can be read by others, and holds tokens.`, `chmod 700 ${folder}`)
    : ok("tokens and records are readable by this user alone");
}

async function notebooks(folder: string): Promise<Finding> {
  const all = await readdir(folder, { recursive: true }).catch(() => []);
  const count = all.filter((each) => each.endsWith(".ipynb") && !each.split("/").some((part) => part.startsWith("."))).length;
  return ok(`${count} notebook${count === 1 ? "" : "s"} in ${folder}`);
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
