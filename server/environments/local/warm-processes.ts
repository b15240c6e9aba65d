import { join } from "node:path";
import type { Log } from "#contract/edges.ts";
import type { WorkerSpec } from "../../../runtimes/runtime.ts";
import { startWarmProcess, type WarmProcess } from "./warm-process.ts";

type Warm = NonNullable<WorkerSpec["warm"]>;

/** After a failed start, workers are started afresh for this long before the warm process is tried again. */
const RETRY_MS = 30_000;

/** One warm process per distinct way to start it; started when first asked for, again when it died. */
export class WarmProcesses implements AsyncDisposable {
  readonly #folder: string;
  readonly #log: Log;
  readonly #processes = new Map<string, Promise<WarmProcess | undefined>>();
  #started = 0;

  constructor(folder: string, log: Log) {
    this.#folder = folder;
    this.#log = log;
  }

  /** Undefined when it cannot be started: then the worker's own command is. */
  find(warm: Warm): Promise<WarmProcess | undefined> {
    const key = JSON.stringify(warm);
    let found = this.#processes.get(key);
    if (!found) {
      found = this.#start(key, warm);
      this.#processes.set(key, found);
    }
    return found;
  }

  async #start(key: string, warm: Warm): Promise<WarmProcess | undefined> {
    const name = join(this.#folder, `warm${++this.#started}`);
    try {
      const process = await startWarmProcess(warm.command, { env: warm.env, folder: this.#folder, output: `${name}.log` }, `${name}.sock`);
      void process.ended.then(() => this.#processes.delete(key));
      return process;
    } catch (error) {
      this.#log.warn(
        { err: error, command: warm.command },
        "the warm process could not be started; workers are started without it, which takes seconds",
      );
      setTimeout(() => this.#processes.delete(key), RETRY_MS).unref();
      return undefined;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const all = await Promise.all(this.#processes.values());
    await Promise.all(all.map((each) => each?.kill()));
  }
}
