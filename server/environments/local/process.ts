import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { lower, WORKER_NICE } from "./priority.ts";
import { killSession } from "./session.ts";
import { howEnded, type StartedProcess, signalProcess } from "./started-process.ts";

export interface ProcessPlace {
  /** Its whole environment: nothing of ours is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly folder: string;
  /** The file that takes its standard output and error. */
  readonly output: string;
  /** Stands in the environment of what it starts: by it children are found that left the session (session.ts). */
  readonly mark?: string;
}

/** Starts a program as the leader of a process group, at lower priority. A program that cannot be started has `ended`. */
export function spawnProcess(
  [program, ...args]: readonly [string, ...string[]],
  { env, folder, output, mark }: ProcessPlace,
): StartedProcess {
  const file = openSync(output, "a", 0o600);
  const child = spawn(program, args, { cwd: folder, env, detached: true, stdio: ["ignore", file, file] });
  closeSync(file);
  let killing: Promise<void> | undefined;
  let isEnded = false;
  const { promise: ended, resolve } = Promise.withResolvers<string>();
  child.once("error", (error) => resolve(`it could not be started (${error.message})`));
  child.once("exit", (code, signal) => {
    isEnded = true;
    const how = howEnded(code, signal, killing !== undefined);
    killing ??= killSession(child.pid ?? 0, { isGone: true, ...(mark && { mark }) });
    void killing.then(() => resolve(how)); // with what it left behind
  });
  const { pid } = child;
  if (pid === undefined) return { pid: 0, ended, interrupt() {}, async kill() {} };
  lower(pid, WORKER_NICE);
  return {
    pid,
    ended,
    interrupt() {
      if (!isEnded) signalProcess(pid, "SIGINT");
    },
    async kill() {
      if (isEnded) return void (await ended); // its id may be another's by now
      killing ??= killSession(pid, mark ? { mark } : {});
      await ended;
    },
  };
}
