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
    if (stat.mtimeNs < stat.ctimeNs) return true; // writing sets both
    // Or written and moved within one tick of the file system's clock. All that was said until it was read is heard after a
    // turn of the loop; if the file still lies there then, no later one was meant.
    await turnOfTheLoop();
    const last = this.#last;
    this.#last = undefined; // should notifications be lost later, none must be left of now
    return last === "named" && isSame(await now(), stat);
  }
}
