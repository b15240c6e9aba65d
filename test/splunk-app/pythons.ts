import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { python } from "../notebook-exporter/python.ts";

const wanted = ["3.9", "3.10", "3.11", "3.12", "3.13"];

/** Those Pythons of Splunk's (3.9 to 3.13) that this machine has: on the path, of pyenv, or of uv. */
export function pythons(): { version: string; path: string }[] {
  const kept = ["~/.pyenv/versions/*/bin/python3", "~/.local/share/uv/python/*/bin/python3"].map((each) => join(homedir(), each.slice(2)));
  const candidates = [...wanted.map((version) => `python${version}`), ...kept.flatMap((each) => globSync(each)), python];
  const found = new Map<string, string>();
  for (const candidate of candidates) {
    const asked = "import sys; print('%d.%d' % sys.version_info[:2], sys.executable)";
    const { status, stdout } = spawnSync(candidate, ["-c", asked], { encoding: "utf8" });
    const [version = "", ...path] = status === 0 ? stdout.trim().split(" ") : [];
    if (wanted.includes(version) && !found.has(version)) found.set(version, path.join(" "));
  }
  return [...found]
    .map(([version, path]) => ({ version, path }))
    .sort((a, b) => a.version.localeCompare(b.version, "en", { numeric: true }));
}
