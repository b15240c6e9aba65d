import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A bridge in a process of its own. */
export interface BridgeProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly home: string;
  readonly url: string;
  readonly token: string;
  /** All that it logged so far. */
  logged(): string;
  /** Ids of all processes under it, itself first. */
  processes(): Promise<number[]>;
}

/**
 * @param given a home that stays; else one of its own, removed at the end
 * @param more settings, and a command to run it under, such as `["setpriv", …]`
 */
export async function bridgeProcess(
  given?: string,
  { env: set = {}, under = [] }: { env?: Record<string, string>; under?: readonly string[] } = {},
): Promise<BridgeProcess> {
  const home = given ?? (await mkdtemp(join(tmpdir(), "bridge-process-")));
  await mkdir(join(home, "notebooks"), { recursive: true });
  const env = { ...process.env, BRIDGE_HOME: home, BRIDGE_PORT: "0", BRIDGE_JUPYTER: "off", BRIDGE_LOG: "trace", ...set };
  const [command = "", ...args] = [...under, process.execPath, join(import.meta.dirname, "own-process.ts")];
  const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  let logged = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    logged += text;
  });
  const [line] = await once(createInterface(child.stdout), "line");
  const { url, token } = JSON.parse(line) as { url: string; token: string };
  return {
    ...{ child, home, url, token },
    logged: () => logged,
    processes: () => tree(child.pid ?? 0),
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill("SIGTERM");
        await once(child, "exit");
      }
      if (!given) await rm(home, { recursive: true, force: true });
    },
  };
}

async function tree(pid: number): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
  const below = await Promise.all(
    children
      .split(" ")
      .filter(Boolean)
      .map((each) => tree(Number(each))),
  );
  return [pid, ...below.flat()];
}

/** The most memory that a process ever had resident, in MB. */
export async function peakMemory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024;
}
