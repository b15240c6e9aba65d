import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { type FileStat, isSame } from "./file-state.ts";
import type { Happened } from "./hints.ts";

/** How the file at a name came there: written elsewhere and moved, so that it is whole, or written where it lies. */
export class Arrival {
  /** What the system said last of the name. */
  #last: Happened | undefined;

  happened(what: Happened): void {
    this.#last = what;
  }

  /**
   * Whether a file that took another one's name was moved there after it was written.
   *
   * @param stat its state when it was read
   * @param now the state of what lies there
   */
  async wasMoved(stat: FileStat, now: () => Promise<FileStat | undefined>): Promise<boolean> {
    if (stat.mtimeNs < stat.ctimeNs) {
      this.#last = undefined;
      return true; // writing sets both
    }
    // Or written and moved within one tick of the file system's clock. All that happened until its state was asked is heard
    // after two turns of the loop, between which it listens; if the file still lay there, no later one was meant.
    const state = await now();
    await turnOfTheLoop();
    await turnOfTheLoop();
    const last = this.#last;
    this.#last = undefined; // should notifications be lost later, none must be left of now
    return last === "named" && isSame(state, stat);
  }
}
