import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { promisify } from "node:util";
import { BadConfig } from "./config.ts";

/** What the exporter's check and workers import. */
const PACKAGES = ["numpy", "pandas", "pyarrow", "IPython", "pyflakes", "packaging"];
const OLDEST_PYTHON = 11;
const PYTHON_MS = 30_000;
/** Told by its own mark, since what a program prints that is no Python could be anything. */
const MARK = "compute-bridge";
const LOOK = `import importlib.util, sys
print("${MARK}", *sys.version_info[:2], *[each for each in sys.argv[1:] if importlib.util.find_spec(each) is None])`;

/**
 * Whether models can be run by this Python: looked at before anything else is started, which would fail much later and in
 * each notebook. Nothing is imported, so that it takes some ten milliseconds.
 *
 * @throws BadConfig with what is wrong, and what to do
 */
export async function tryPython(python: string): Promise<void> {
  const setUp = "Set BRIDGE_PYTHON to a Python that has them, or unset it and run node bin/setup.mjs.";
  const { stdout } = await promisify(execFile)(python, ["-I", "-c", LOOK, ...PACKAGES], { timeout: PYTHON_MS, env: {} }).catch(
    (error: unknown) => {
      throw new BadConfig(`BRIDGE_PYTHON: ${python} cannot be run as Python: ${reasonOf(error)}. ${setUp.replace("has them", "works")}`);
    },
  );
  const [mark, major, minor, ...missing] = stdout.trim().split(" ");
  if (mark !== MARK) throw new BadConfig(`BRIDGE_PYTHON: ${python} is no Python. ${setUp.replace("that has them", "program")}`);
  if (Number(major) !== 3 || Number(minor) < OLDEST_PYTHON)
    throw new BadConfig(
      `BRIDGE_PYTHON: ${python} is Python ${major}.${minor}. ${setUp.replace("that has them", `of 3.${OLDEST_PYTHON} or newer`)}`,
    );
  if (missing.length > 0) throw new BadConfig(`BRIDGE_PYTHON: ${python} lacks ${missing.join(", ")}. ${setUp}`);
}

/**
 * Whether the bridge can listen there. Looked at before the home is touched: what would be saved meanwhile, nobody could call.
 *
 * @throws BadConfig with what is wrong, and what to do
 */
export async function tryAddress(host: string, port: number): Promise<void> {
  const server = createServer();
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, "listening");
  } catch (error) {
    throw cannotListen(host, port, error) ?? error;
  } finally {
    if (server.listening) await new Promise((closed) => server.close(closed));
  }
}

/** What an error of listening means for the settings; undefined: it is another error. */
export function cannotListen(host: string, port: number, error: unknown): BadConfig | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE")
    return new BadConfig(
      `The bridge cannot listen at ${host} port ${port}: something listens there already. Stop it, or choose another port with BRIDGE_PORT (0: any free one).`,
    );
  if (code === "EACCES")
    return new BadConfig(
      `The bridge may not listen at ${host} port ${port}. Choose a port from 1024 with BRIDGE_PORT, or let this user use lower ones.`,
    );
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND" || code === "EAI_AGAIN" || code === "EINVAL" || code === "EAFNOSUPPORT")
    return new BadConfig(
      `BRIDGE_HOST is ${JSON.stringify(host)}, which is no address or name of this machine (${code}). Give one, such as 127.0.0.1; the port is BRIDGE_PORT.`,
    );
  return undefined;
}

/** One line of what a program that could not be run, or failed, said. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ("code" in error && error.code === "ENOENT") return "there is no such file";
  if ("code" in error && error.code === "EACCES") return "it may not be executed";
  if ("killed" in error && error.killed) return `it did not answer within ${PYTHON_MS / 1000} s`;
  const said = "stderr" in error && typeof error.stderr === "string" ? error.stderr.trim().split("\n").at(-1) : "";
  return (said || error.message.split("\n")[0] || "it failed").replace(/\.$/, "");
}
