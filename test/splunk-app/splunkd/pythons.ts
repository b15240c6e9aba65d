import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Versions that Splunk 9.3 – 10.x bring along, and those between. */
const supported = ["3.9", "3.10", "3.11", "3.12", "3.13"];

/** Those of them that this machine has, each as the path of its interpreter: on PATH, or of pyenv. */
export const pythons: readonly { readonly version: string; readonly python: string }[] = supported.flatMap((version) => {
  const kept = join(process.env.PYENV_ROOT ?? join(homedir(), ".pyenv"), "versions");
  const versions = existsSync(kept) ? readdirSync(kept).filter((each) => each.startsWith(`${version}.`)) : [];
  const candidates = [`python${version}`, ...versions.map((each) => join(kept, each, "bin/python3"))];
  const python = candidates.map(executable).find((each) => each !== undefined);
  return python === undefined ? [] : [{ version, python }];
});

/** The one that most stories run under: the oldest, which Splunk 9.3 has. */
export const python = pythons[0]?.python ?? "python3";

function executable(command: string): string | undefined {
  try {
    return execFileSync(command, ["-c", "import sys; print(sys.executable)"], { encoding: "utf8", stdio: "pipe" }).trim();
  } catch {
    return undefined; // a shim of a version that is not chosen, or nothing of that name
  }
}
