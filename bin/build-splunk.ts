// The Splunk app as a file that people install: dist/compute_bridge-<version>.spl.
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { splunkPackage } from "./splunk/package.ts";

const folder = resolve(import.meta.dirname, "../dist");
const { name, bytes } = splunkPackage();
const file = join(folder, name);
mkdirSync(folder, { recursive: true });
writeFileSync(`${file}.new`, bytes);
renameSync(`${file}.new`, file);
console.log(`${relative(process.cwd(), file)}  ${(bytes.length / 1024).toFixed(0)} kB`);
