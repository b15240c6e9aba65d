import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { cpus, loadavg, totalmem } from "node:os";
import { promisify } from "node:util";

const script = `
import importlib.metadata as m, platform
print("Python " + platform.python_version() + "".join(", " + each + " " + m.version(each) for each in NAMES))
`;

/** The machine and what else it did. */
export async function machineLine(): Promise<string> {
  const model = cpus()[0]?.model.trim() ?? "unknown";
  const [busy = 0] = loadavg();
  return `${cpus().length} cores (${model}), ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${await kernel()}; load before the start ${busy.toFixed(2)}`;
}

/** Versions in one environment of Python. */
export async function pythonLine(python: string, names: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(python, ["-c", script.replace("NAMES", JSON.stringify(names))]);
  return stdout.trim();
}

async function kernel(): Promise<string> {
  return (await readFile("/proc/sys/kernel/osrelease", "utf8").catch(() => "unknown")).trim();
}
