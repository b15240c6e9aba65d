/** A process that leads a session and a group of its own, whoever is its parent. */
export interface StartedProcess {
  readonly pid: number;
  /** Resolves when it ended, with a sentence's end: "it was killed by SIGSEGV", "it exited with code 3". */
  readonly ended: Promise<string>;
  interrupt(): void;
  /** Ends it and all that it started; resolves when they are gone. */
  kill(): Promise<void>;
}

/** How a process's end reads. @param isOurs whether the bridge itself ended it */
export function howEnded(code: number | null, signal: string | null, isOurs: boolean): string {
  if (signal === "SIGKILL" && !isOurs) return "it was killed by SIGKILL, which usually means that the machine ran out of memory";
  if (signal === "SIGKILL") return "the bridge ended it";
  if (signal !== null) return `it was killed by ${signal}`;
  return `it exited with code ${code ?? "unknown"}`;
}

/** Signals a process group; false when it is gone already. */
export function signalGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-pid, signal);
    return true;
  } catch {
    return false;
  }
}

/** Signals one process; nothing happens when it is gone. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended a moment ago, which `ended` tells.
  }
}
