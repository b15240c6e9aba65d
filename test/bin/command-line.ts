import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

const cli = resolve(import.meta.dirname, "../../bin/cli.ts");

/** The command line in a process of its own, with `env` and PATH alone in its environment. */
export function startCommand(args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, [cli, ...args], { env: { PATH: process.env.PATH, TZ: "UTC", ...env }, stdio: ["pipe", "pipe", "pipe"] });
}

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs it to its end. */
export function runCommand(
  args: readonly string[],
  { input = "", env = {} }: { input?: string | Readable; env?: Record<string, string> } = {},
) {
  const child = startCommand(args, env);
  if (child.stdin) pipeline(Readable.from(input), child.stdin).catch(() => {});
  return endOf(child);
}

/** What a process said, and its exit code. */
export async function endOf(child: ChildProcess): Promise<Ended> {
  const texts = { out: "", err: "" };
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (texts.out += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (texts.err += text));
  const [code] = await once(child, "close");
  return { code, ...texts };
}

/** A shell's line, in which `bridge` is the command line: for what `<`, `|` and limits do. */
export function runShell(line: string, env: Record<string, string> = {}) {
  const script = `bridge() { "$BRIDGE_NODE" "$BRIDGE_CLI" "$@"; }; ${line}`;
  const all = { PATH: process.env.PATH, TZ: "UTC", BRIDGE_NODE: process.execPath, BRIDGE_CLI: cli, ...env };
  return endOf(spawn("bash", ["-c", script], { env: all, stdio: ["ignore", "pipe", "pipe"] }));
}
