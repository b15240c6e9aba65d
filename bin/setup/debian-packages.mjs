import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { run } from "./run.mjs";
import { SetupFailed, say } from "./say.mjs";
import { readOr } from "./stamp.mjs";

const isUbuntu = /^ID=ubuntu$/m.test(readOr("/etc/os-release", ""));

/** Package → the file that shows it is there, and what goes without it. */
const wanted = /** @type {Record<string, {file: string, without: string}>} */ ({
  postgresql: { file: "/usr/lib/postgresql", without: "tests of a store that bridges share are skipped" },
  libmagic1: { file: "/usr/lib/file/magic.mgc", without: "the check of the Splunk app is skipped" },
  // Ubuntu's package of this name is a snap, which brings a daemon along.
  ...(isUbuntu ? {} : { chromium: { file: "/usr/bin/chromium", without: "the Splunk app's page is tested in no browser" } }),
});

/** Tests start a Postgres of their own: the package's would run for nothing, on the port that another may want. */
const noCluster = "/etc/postgresql-common/createcluster.conf";

/** For the tests. Installs what is missing where this may be done (root on Debian or Ubuntu), else says what is missing. */
export async function debianPackages() {
  const missing = Object.entries(wanted).filter(([, { file }]) => !existsSync(file));
  if (missing.length === 0) return;
  const names = missing.map(([name]) => name);
  const may = process.getuid?.() === 0 && existsSync("/etc/debian_version") && spawnSync("apt-get", ["--version"]).status === 0;
  if (!may) {
    for (const [name, { without }] of missing) say(`without the Debian package ${name}, ${without}`);
    return;
  }
  if (missing.some(([name]) => name === "postgresql") && !existsSync(noCluster)) {
    mkdirSync(dirname(noCluster), { recursive: true });
    writeFileSync(noCluster, "create_main_cluster = false\n");
  }
  say(`installing Debian packages: ${names.join(", ")}`);
  const hint = `Install them by hand: apt-get install ${names.join(" ")}`;
  for (let tries = 2; tries > 0; tries--) {
    try {
      await run("apt-get update", ["apt-get", "update", "-qq"], { hint });
      await run("apt-get install", ["apt-get", "install", "-y", "-qq", "--no-install-recommends", ...names], { hint });
      return;
    } catch (error) {
      if (!(error instanceof SetupFailed)) throw error;
      // Mirrors have bad moments; and tests that need none of it can run all the same.
      say(error.message);
    }
  }
}
