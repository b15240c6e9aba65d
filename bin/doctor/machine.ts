import { execFile } from "node:child_process";
import { availableParallelism, freemem, totalmem } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { BadConfig, readConfig } from "../../server/config.ts";
import { modelsPython, root } from "../places.ts";
import { type Finding, ok, warning, wrong } from "./finding.ts";

const run = promisify(execFile);
const GIGABYTE = 2 ** 30;
/** The first import of all packages from a cold disk takes long. */
const PATIENCE_MS = 120_000;
const packages = ["pandas", "numpy", "pyarrow", "sklearn", "IPython", "ipykernel", "pyflakes", "packaging"];

/** Node, the configuration, the Pythons, memory. */
export async function checkMachine(env: NodeJS.ProcessEnv): Promise<Finding[]> {
  return [node(), configuration(env), await python(env), await jupyter(env), memory()];
}

function node(): Finding {
  const [major = 0] = process.versions.node.split(".").map(Number);
  return major >= 24
    ? ok(`Node ${process.versions.node}`)
    : wrong(`This is Node ${process.versions.node}.`, "Run node bin/setup.mjs: it installs the Node that the bridge needs.");
}

function configuration(env: NodeJS.ProcessEnv): Finding {
  try {
    readConfig(env, { root });
    return ok("the settings in the environment can be used");
  } catch (error) {
    if (error instanceof BadConfig) return wrong(error.message, "See docs/reference/configuration.md.");
    throw error;
  }
}

async function python(env: NodeJS.ProcessEnv): Promise<Finding> {
  const program = modelsPython(env);
  const code = `import importlib, importlib.util, platform, sys
missing = []
for each in sys.argv[1:]:
    if importlib.util.find_spec(each) is None:
        missing.append(each)
        continue
    try:
        importlib.import_module(each)
    except BaseException as error:
        sys.exit(f"{each} cannot be imported: {type(error).__name__}: {error}")
print(platform.python_version(), *missing)`;
  try {
    const { stdout } = await run(program, ["-c", code, ...packages], { timeout: PATIENCE_MS });
    const [version = "", ...missing] = stdout.trim().split(" ");
    if (missing.length > 0)
      return wrong(
        `The models' Python lacks ${missing.join(", ")}: ${program}`,
        "Add them, or unset BRIDGE_PYTHON and run node bin/setup.mjs.",
      );
    const [, minor = 0] = version.split(".").map(Number);
    return minor >= 11 ? ok(`Python ${version} for models`) : wrong(`The models' Python is ${version}.`, "Use Python 3.11 or newer.");
  } catch (error) {
    return wrong(
      `The models' Python does not work: ${program}${lastLine(error)}`,
      "Run node bin/setup.mjs, or set BRIDGE_PYTHON to a Python that has the packages.",
    );
  }
}

async function jupyter({ BRIDGE_JUPYTER }: NodeJS.ProcessEnv): Promise<Finding> {
  if (BRIDGE_JUPYTER === "off") return warning("JupyterLab is off: BRIDGE_JUPYTER=off", "Unset it to edit notebooks here.");
  const program = BRIDGE_JUPYTER || join(root, ".python/jupyter/bin/jupyter");
  try {
    const { stdout } = await run(program, ["lab", "--version"], { timeout: PATIENCE_MS });
    return ok(`JupyterLab ${stdout.trim()}`);
  } catch (error) {
    return wrong(
      `JupyterLab does not start: ${program}${lastLine(error)}`,
      "Run node bin/setup.mjs, or set BRIDGE_JUPYTER to a jupyter program, or to off.",
    );
  }
}

/** `: ModuleNotFoundError: …`, as far as a program said what was wrong with it. */
function lastLine(error: unknown): string {
  if (!(error instanceof Error)) return "";
  if ("killed" in error && error.killed) return `: no answer within ${PATIENCE_MS / 1000} s`;
  const said = "stderr" in error ? String(error.stderr).trim().split("\n").at(-1) : "";
  return said ? `: ${said}` : "";
}

function memory(): Finding {
  const [free, total] = [freemem() / GIGABYTE, totalmem() / GIGABYTE];
  const what = `${availableParallelism()} processors, ${free.toFixed(1)} of ${total.toFixed(1)} GiB of memory free`;
  return free < 0.5 ? warning(what, "Less than 0.5 GiB is free: set BRIDGE_MEMORY, or end other programs.") : ok(what);
}
