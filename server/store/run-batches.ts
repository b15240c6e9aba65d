import { setImmediate as turn } from "node:timers/promises";
import type { Log } from "#contract/edges.ts";
import { KEPT_ENDED, type RunMemory } from "./run-memory.ts";
import { writeRuns } from "./run-rows.ts";
import type { Commit, Pace } from "./transactions.ts";

const DELAY_MS = 500;
/** Where so many calls go on at once, runs are written aside, and sooner. Few calls are disturbed less by turns of this thread than by one that takes a core. */
const FLOOD_CALLS = 8;
const FLOOD_DELAY_MS = 250;
const LONGEST_RETRY_MS = 30_000;
/** A commit's own cost is spread over many; other transactions wait for these. */
const RUNS_A_TRANSACTION = 320;
/** Where those that are written aside fall behind, this thread writes: calls that come too fast get less of it. */
const MOST_ASIDE = KEPT_ENDED / 2;

/** Writes what the memory holds, a moment after it changed, many runs in one transaction. */
export class RunBatches {
  readonly #commit: Commit;
  readonly #log: Log;
  readonly #bridge: number | null;
  readonly #written: (runs: number, pace: Pace) => void;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #isFlood = false;
  #isClosed = false;

  /** @param bridge which one's runs these are; @param written hears how many each transaction wrote, and how */
  constructor(commit: Commit, log: Log, bridge: number | null, written: (runs: number, pace: Pace) => void) {
    this.#commit = commit;
    this.#log = log;
    this.#bridge = bridge;
    this.#written = written;
  }

  /** Something in the memory changed. */
  schedule(memory: RunMemory): void {
    if (this.#timer || this.#isClosed) return;
    const usual = this.#isFlood ? FLOOD_DELAY_MS : DELAY_MS;
    const delay = this.#failures === 0 ? usual : Math.min(DELAY_MS * 2 ** this.#failures, LONGEST_RETRY_MS);
    this.#timer = setTimeout(() => void this.#attempt(memory), delay);
    this.#timer.unref();
  }

  /** Resolves when all that the memory held at the call is durable. @throws what the database says. */
  async flush(memory: RunMemory): Promise<void> {
    // As many turns as what is held now needs: calls that go on meanwhile do not keep a flush from ending.
    const held = memory.size;
    this.#isFlood = held >= RUNS_A_TRANSACTION && memory.running >= FLOOD_CALLS;
    for (let left = Math.ceil(held / RUNS_A_TRANSACTION); left > 0; left--) {
      const isAside = this.#isFlood && memory.size < MOST_ASIDE && this.#failures === 0 && !this.#isClosed;
      await this.#writeSome(memory, isAside ? "many" : "unhurried");
      await turn(); // the engine is synchronous: others get the thread between two batches
    }
  }

  async close(memory: RunMemory): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    try {
      await this.flush(memory);
    } catch (error) {
      this.#log.error({ err: error, runs: memory.size }, "the records of runs could not be written before the store was closed");
    }
  }

  async #attempt(memory: RunMemory): Promise<void> {
    try {
      await this.flush(memory);
      this.#failures = 0;
    } catch (error) {
      this.#failures++;
      this.#log.error({ err: error, failures: this.#failures }, "the records of runs could not be written; it is tried again");
    }
    this.#timer = undefined;
    if (memory.unwritten(1).changes.length > 0) this.schedule(memory);
  }

  async #writeSome(memory: RunMemory, pace: Pace): Promise<void> {
    // Taken inside the transaction, when no other can be changing what is told and what is not.
    let done = () => {};
    const count = await this.#commit(
      async (tx, tell) => {
        const { changes, committed } = memory.unwritten(RUNS_A_TRANSACTION);
        done = committed;
        if (changes.length > 0) await writeRuns(tx, tell, this.#bridge, changes);
        return changes.length;
      },
      () => done(),
      pace,
    );
    if (count > 0) this.#written(count, pace);
  }
}
