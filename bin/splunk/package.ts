import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Entry, tarGz } from "./tar.ts";

const root = resolve(import.meta.dirname, "../..");
/** The app's id, which is also the name of its folder in Splunk. */
const APP = "compute_bridge";
/** What a try-out leaves behind, and what belongs to one installation alone. */
const left = /^(?:\..*|__pycache__|.*\.pyc|local|local\.meta|tests?)$/;

/** The app as Splunk installs it. */
export function splunkPackage(): { readonly name: string; readonly bytes: Buffer } {
  const source = join(root, "splunk-app");
  const entries = [{ path: APP }, ...filesOf(source, APP), { path: `${APP}/LICENSE`, bytes: readFileSync(join(root, "LICENSE")) }];
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  return { name: `${APP}-${version}.spl`, bytes: tarGz(entries) };
}

function filesOf(folder: string, path: string): Entry[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !left.test(name))
    .flatMap((each) => {
      const [file, inside] = [join(folder, each.name), `${path}/${each.name}`];
      return each.isDirectory() ? [{ path: inside }, ...filesOf(file, inside)] : [{ path: inside, bytes: readFileSync(file) }];
    });
}
