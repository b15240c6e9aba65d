import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Seconds that a side may take until it answers. */
const START_SECONDS = 120;
const END_MS = 10_000;

/** A process of a side, whose output goes to a file. */
export interface Started extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly pid: number;
  /** The last lines that it wrote. */
  said(): string;
}

export interface Start {
  readonly command: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Where its output goes. */
  readonly log: string;
}

/** Starts a process as a group of its own, which ends as a group. */
export function start({ command: [program, ...args], cwd, env, log }: Start): Started {
  const output = openSync(log, "w");
  const child = spawn(program, args, { cwd, env, detached: true, stdio: ["ignore", output, output] });
  const failed = once(child, "error").then(([error]) => error);
  failed.catch(() => {});
  const { pid } = child;
  if (pid === undefined) throw new Error(`${program} could not be started.`);
  return {
    ...{ child, pid },
    said: () => readFileSync(log, "utf8").slice(-300),
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, "exit");
        child.kill("SIGTERM");
        await Promise.race([ended, sleep(END_MS, undefined, { ref: false })]);
      }
      endGroup(pid);
    },
  };
}

/**
 * Asks until there is an answer of success: servers listen before all that they serve is there.
 *
 * @throws Error with what was last answered and what the process said, when it ends or does not answer in time
 */
export async function untilAnswers(started: Started, url: string, request: RequestInit): Promise<void> {
  let last = "nothing";
  for (const end = performance.now() + START_SECONDS * 1000; performance.now() < end; await sleep(100)) {
    if (started.child.exitCode !== null) break;
    const answer = await fetch(url, request).catch(() => undefined);
    const text = await answer?.text();
    if (answer?.ok) return;
    if (answer) last = `${answer.status} ${text?.slice(0, 300)}`;
  }
  throw new Error(`${url} answers ${last}: ${started.said()}`);
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  server.close();
  await once(server, "close");
  return port;
}

/** What is left of a group whose first process has ended or does not. */
function endGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // all ended
  }
}
