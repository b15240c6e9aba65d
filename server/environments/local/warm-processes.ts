import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Log } from "#contract/edges.ts";
import type { WorkerSpec } from "../../../runtimes/runtime.ts";
import type { StartedProcess } from "./started-process.ts";
import { startWarmProcess, type WarmProcess } from "./warm-process.ts";

type Warm = NonNullable<WorkerSpec["warm"]>;

/** After a failed start, or an end soon after it, workers are started afresh for this long before the warm process is tried again. */
const RETRY_MS = 30_000;
/** One that lived this long was well: its successor starts at once. */
const WELL_MS = 10_000;

/** One warm process per distinct way to start it; started when first asked for, again when it died. */
export class WarmProcesses implements AsyncDisposable {
  readonly #folder: string;
  readonly #log: Log;
  readonly #found = new Map<string, Promise<WarmProcess | undefined>>();
  /** Those that import, too. */
  readonly #processes = new Set<StartedProcess>();
  #started = 0;
  #isClosed = false;

  constructor(folder: string, log: Log) {
    this.#folder = folder;
    this.#log = log;
  }

  /** Undefined when it cannot be started: then the worker's own command is. */
  async find(warm: Warm): Promise<WarmProcess | undefined> {
    if (this.#isClosed) return undefined;
    const key = JSON.stringify(warm);
    let found = this.#found.get(key);
    if (!found) {
      found = this.#start(key, warm);
      this.#found.set(key, found);
    }
    return await found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    while (this.#processes.size > 0) await Promise.all([...this.#processes].map((each) => each.kill()));
    await Promise.all(this.#found.values());
  }

  async #start(key: string, warm: Warm): Promise<WarmProcess | undefined> {
    const name = join(this.#folder, `warm${++this.#started}`);
    const since = performance.now();
    try {
      const process = await startWarmProcess(
        warm.command,
        { env: warm.env, folder: this.#folder, output: `${name}.log` },
        `${name}.sock`,
        (each) => {
          this.#processes.add(each);
          void each.ended.then(() => this.#processes.delete(each));
        },
      );
      void process.ended.then((how) => {
        rmSync(`${name}.log`, { force: true });
        if (this.#isClosed) return;
        this.#log.warn({ how, command: warm.command }, "the warm process ended");
        if (performance.now() - since < WELL_MS) return this.#retryLater(key);
        this.#found.delete(key);
        void this.find(warm);
      });
      return process;
    } catch (error) {
      rmSync(`${name}.log`, { force: true });
      if (!this.#isClosed) {
        this.#log.warn(
          { err: error, command: warm.command },
          "the warm process could not be started; workers are started without it, which takes seconds",
        );
        this.#retryLater(key);
      }
      return undefined;
    }
  }

  #retryLater(key: string): void {
    this.#found.set(key, Promise.resolve(undefined));
    setTimeout(() => this.#found.delete(key), RETRY_MS).unref();
  }
}
