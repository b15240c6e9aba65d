import type { Clock, Log } from "#contract/edges.ts";
import type { LogLine, Run } from "#contract/run.ts";
import { ended, type RunChange, type RunEnd } from "./run-rows.ts";
import type { RunsRecorder } from "./store.ts";

const KEPT_LINES = 200;
const KEPT_METRICS = 1000;
const KEPT_LINE_LENGTH = 8192;
/** Ended runs that wait while the database refuses them; beyond this the oldest are given up, and the log says so. */
export const KEPT_ENDED = 10_000;

interface Entry {
  run: Run;
  /** Grows with each change. */
  revision: number;
  /** The revision that the database has; 0: it knows nothing of the run. */
  written: number;
}

/** Runs that the database does not know, or not as they are now: those under way and those that just ended. */
export class RunMemory {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #onChange: () => void;
  readonly #entries = new Map<string, Entry>();
  #ended = 0;
  #givenUp = 0;

  /** @param onChange called whenever there is something to write. */
  constructor(clock: Clock, log: Log, onChange: () => void) {
    this.#clock = clock;
    this.#log = log;
    this.#onChange = onChange;
  }

  start(facts: Parameters<RunsRecorder["start"]>[0]): void {
    const { project, id, algorithm, version, method, model, caller, search } = facts;
    const begun = { state: "running", startedAt: this.#clock.now(), finishedAt: null, receipt: null, error: null } as const;
    const run: Run = { project, id, algorithm, version, method, model, caller, search, ...begun, log: [], metrics: [] };
    this.#entries.set(id, { run, revision: 1, written: 0 });
    this.#onChange();
  }

  log(id: string, line: LogLine): void {
    const text = line.text.length > KEPT_LINE_LENGTH ? `${line.text.slice(0, KEPT_LINE_LENGTH)}…` : line.text;
    this.#change(id, (run) => ({ ...run, log: [...run.log.slice(1 - KEPT_LINES), { ...line, text }] }));
  }

  metric(id: string, metric: Run["metrics"][number]): void {
    this.#change(id, (run) => ({ ...run, metrics: [...run.metrics.slice(1 - KEPT_METRICS), metric] }));
  }

  finish(id: string, end: RunEnd): void {
    if (!this.#change(id, (run) => ended(run, end, this.#clock.now()))) return;
    this.#ended++;
    if (this.#ended > KEPT_ENDED) this.#giveUpOldest();
  }

  find(id: string): Run | undefined {
    return this.#entries.get(id)?.run;
  }

  /** What is held now, each with whether the database has a row of it. */
  held(): { run: Run; hasRow: boolean }[] {
    return Array.from(this.#entries.values(), ({ run, written }) => ({ run, hasRow: written > 0 }));
  }

  /** How many are held now. */
  get size(): number {
    return this.#entries.size;
  }

  /** How many of them go on. */
  get running(): number {
    return this.#entries.size - this.#ended;
  }

  /** How this run would be written if it became `run`; undefined when it is not held. */
  changeTo(run: Run): RunChange | undefined {
    const entry = this.#entries.get(run.id);
    return entry && { run, tellsStart: entry.written === 0, tellsEnd: run.finishedAt !== null };
  }

  /** Up to `limit` runs to write, oldest first, and what to call when they were committed. */
  unwritten(limit: number): { changes: RunChange[]; committed: () => void } {
    const taken: { entry: Entry; revision: number; change: RunChange }[] = [];
    for (const entry of this.#entries.values()) {
      if (taken.length === limit) break;
      if (entry.revision === entry.written) continue;
      const { run, revision, written } = entry;
      // An ended run leaves as soon as it is written, so its end was never told before.
      taken.push({ entry, revision, change: { run, tellsStart: written === 0, tellsEnd: run.finishedAt !== null } });
    }
    return {
      changes: taken.map(({ change }) => change),
      committed: () => {
        for (const { entry, revision, change } of taken) {
          entry.written = revision;
          if (change.run.finishedAt !== null) this.forget(change.run.id);
        }
      },
    };
  }

  /** The database has this run as it ended. */
  forget(id: string): void {
    const entry = this.#entries.get(id);
    if (entry && this.#entries.delete(id) && entry.run.finishedAt !== null) this.#ended--;
  }

  /** Whether it was held and had not ended: an end is final, whoever comes first. */
  #change(id: string, change: (run: Run) => Run): boolean {
    const entry = this.#entries.get(id);
    if (!entry || entry.run.finishedAt !== null) return false;
    entry.run = change(entry.run);
    entry.revision++;
    this.#onChange();
    return true;
  }

  #giveUpOldest(): void {
    for (const [id, { run }] of this.#entries) {
      if (run.finishedAt === null) continue;
      this.forget(id);
      this.#givenUp++;
      this.#log.error({ run: id, givenUp: this.#givenUp }, "the record of a run is lost: the store has refused to write for too long");
      return;
    }
  }
}
