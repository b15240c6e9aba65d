import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Authority, makeAuthority } from "./certificate.ts";

/** The folder of the app in this repository. */
export const appSource = resolve(import.meta.dirname, "../../../splunk-app");
export const APP = "compute_bridge";

/** A SPLUNK_HOME with an app in it, and the environment that splunkd gives to its children. */
export interface Installation extends AsyncDisposable {
  readonly home: string;
  readonly app: string;
  readonly env: Record<string, string>;
  readonly authority: Authority;
  /** All of the app's log so far. */
  log(): Promise<string>;
  /** Files under `folder` of SPLUNK_HOME that hold one of these texts. */
  filesWith(folder: string, texts: readonly string[]): Promise<string[]>;
}

/** @param source the app's folder, which is copied @param local texts of .conf files of its folder `local` @param given SPLUNK_HOME */
export async function install(source: string, local: Readonly<Record<string, string>>, given?: string): Promise<Installation> {
  const home = given ?? (await mkdtemp(join(tmpdir(), "splunk-")));
  const app = join(home, "etc/apps", APP);
  await mkdir(join(home, "etc/apps"), { recursive: true });
  await cp(source, app, { recursive: true, filter: (file) => !file.includes("__pycache__") && !file.includes("node_modules") });
  await mkdir(join(app, "local"), { recursive: true });
  for (const [name, text] of Object.entries(local)) await writeFile(join(app, "local", name), text);
  const logs = join(home, "var/log/splunk");
  for (const folder of [logs, join(home, "etc/auth"), join(home, "var/run/splunk/dispatch")]) await mkdir(folder, { recursive: true });
  const authority = await makeAuthority(join(home, "etc/auth"), "SplunkCommonCA");
  await cp(authority.ca, join(home, "etc/auth/cacert.pem"));
  const env = {
    ...{ PATH: `${home}/bin:/usr/local/bin:/usr/bin:/bin`, HOME: home, LANG: "C" },
    ...{ SPLUNK_HOME: home, SPLUNK_ETC: join(home, "etc"), SPLUNK_DB: join(home, "var/lib/splunk"), SPLUNK_SERVER_NAME: "Splunkd" },
    PYTHONHTTPSVERIFY: "0",
  };
  return {
    ...{ home, app, env, authority },
    async log() {
      const files = (await readdir(logs)).filter((each) => each.startsWith(APP)).sort();
      return (await Promise.all(files.map((each) => readFile(join(logs, each), "utf8")))).join("");
    },
    async filesWith(folder, texts) {
      const entries = await readdir(join(home, folder), { recursive: true, withFileTypes: true });
      const found: string[] = [];
      for (const each of entries.filter((entry) => entry.isFile())) {
        const bytes = await readFile(join(each.parentPath, each.name));
        if (texts.some((text) => bytes.includes(text))) found.push(join(each.parentPath, each.name));
      }
      return found;
    },
    [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }),
  };
}
