import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

/** One process of JupyterLab, from its start to its end. */
export interface JupyterProcess {
  readonly pid: number;
  /** Resolves when it is gone, with a sentence's end such as "it exited with code 1". */
  readonly ended: Promise<string>;
  /** Its last lines, for the error that says why it did not start. */
  tail(): string;
  /** Ends it with its kernels and terminals; resolves when it is gone. May be called twice. */
  stop(): Promise<void>;
}

/** Longer than launch.py waits before it kills its group itself. */
const killAfterMs = 10_000;
const keptLines = 20;
const lastLinesMs = 300;

/**
 * Starts launch.py in a process group of its own: a Ctrl-C in the terminal reaches the bridge alone, which ends it in order.
 *
 * @param python of JupyterLab's own environment
 * @param onLine gets each line it writes, the token masked
 */
export function launchJupyter(
  python: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  token: string,
  onLine: (line: string) => void,
): JupyterProcess {
  const child = spawn(python, [join(import.meta.dirname, "launch.py"), ...args], { env, detached: true, stdio: ["pipe", "pipe", "pipe"] });
  const lines: string[] = [];
  for (const output of [child.stdout, child.stderr]) {
    createInterface({ input: output }).on("line", (text) => {
      const line = text.replaceAll(token, "…");
      lines.splice(0, lines.length - keptLines + 1);
      lines.push(line);
      onLine(line);
    });
  }
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(`it could not be started (${error.message})`));
    child.once("exit", async (code, signal) => {
      // Kernels hold its output open, so that it may never close; without them its last lines come at once.
      await Promise.race([once(child, "close"), sleep(lastLinesMs, undefined, { ref: false })]);
      resolve(signal ? `it was killed by ${signal}` : `it exited with code ${code}`);
    });
  });
  child.stdin.on("error", () => {}); // it died before it read: `ended` says so
  child.stdin.write(`${token}\n`);

  return {
    pid: child.pid ?? 0,
    ended,
    tail: () => lines.join("\n"),
    async stop() {
      child.stdin.end();
      const gone = new AbortController();
      const late = sleep(killAfterMs, "late", { signal: gone.signal }).catch(() => "gone");
      if ((await Promise.race([ended.then(() => "gone"), late])) === "late" && child.pid) killGroup(child.pid);
      gone.abort();
      await ended;
    },
  };
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Gone in this moment: what was wanted.
  }
}
