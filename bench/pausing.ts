import { tree } from "./processes.ts";
import type { Side } from "./sides/side.ts";

/**
 * Lets one side at a time run. Peers that wait for calls work all the same (Ray Serve an eighth of a core, in many small
 * pieces), which would be in every figure of the others.
 */
export class Pausing implements AsyncDisposable {
  readonly #sides: readonly Side[];
  /** Ids of the processes that stand still. */
  readonly #still = new Map<Side, readonly number[]>();

  constructor(sides: readonly Side[]) {
    this.#sides = sides;
  }

  /** @param only undefined: none runs */
  async letRun(only: Side | undefined): Promise<void> {
    for (const side of this.#sides) {
      if (side === only) this.#resume(side);
      else if (!this.#still.has(side)) this.#still.set(side, await pause(side.pid));
    }
  }

  /** All run again: what stands still cannot end itself. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const side of this.#sides) this.#resume(side);
  }

  #resume(side: Side): void {
    for (const pid of this.#still.get(side) ?? []) signal(pid, "SIGCONT");
    this.#still.delete(side);
  }
}

/** @returns all that stand still now: some may have been started while others were stopped */
async function pause(root: number): Promise<number[]> {
  const still = new Set<number>();
  for (let found = [root]; found.length > 0; found = (await tree(root)).filter((pid) => !still.has(pid)))
    for (const pid of found) {
      signal(pid, "SIGSTOP");
      still.add(pid);
    }
  return [...still];
}

function signal(pid: number, name: "SIGSTOP" | "SIGCONT"): void {
  try {
    process.kill(pid, name);
  } catch {
    // it has ended
  }
}
