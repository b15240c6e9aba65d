import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Rows } from "#contract/call.ts";
import type { WorkerCall, WorkerDone, WorkerError, WorkerEvent } from "#contract/worker.ts";
import { allRuntimes } from "../../runtimes/index.ts";
import type { Home, Runtime, WorkerSpec } from "../../runtimes/runtime.ts";
import type { RunningWorker } from "../../server/environments/environment.ts";
import { localEnvironment } from "../../server/environments/local/environment.ts";
import { WorkerFailed, WorkerLink } from "../../server/workers/call.ts";

export const python = join(import.meta.dirname, "../../.python/models/bin/python");
export const runtimes = allRuntimes({ python, env: process.env });
export const pythonRuntime = runtimes.find(({ name }) => name === "python") as Runtime;

/** What became of one call. Exactly one of `done` and `error` is there. */
export interface Answer {
  readonly done?: WorkerDone;
  readonly error?: WorkerError;
  /** The table frames, in order. */
  readonly frames: readonly Buffer[];
  /** Lines that the code printed or logged. */
  readonly log: readonly string[];
  /** Table frames as one CSV text: the first whole, of the others the header is taken off. */
  readonly csv: string;
}

/** Differences from a plain apply of CSV rows. */
export type Asked = Partial<Omit<WorkerCall, "input" | "output">> & {
  input?: Partial<WorkerCall["input"]>;
  output?: Partial<WorkerCall["output"]>;
};

/** A place to start real workers in: a BRIDGE_HOME of its own and one local environment. Dispose of it to end them all. */
export class Bench implements AsyncDisposable {
  readonly home: Home;
  readonly environment = localEnvironment({ log: { info() {}, warn() {}, error() {} } });
  #versions = 0;
  #folders = 0;

  private constructor(root: string) {
    const model = join(root, "app/model");
    this.home = { root, model, data: join(model, "data"), notebooks: join(root, "notebooks") };
  }

  static async open(): Promise<Bench> {
    const bench = new Bench(await realpath(await mkdtemp(join(tmpdir(), "bench-"))));
    await mkdir(bench.home.data, { recursive: true });
    await mkdir(join(bench.home.notebooks, "data"), { recursive: true });
    return bench;
  }

  /** Starts a worker that has imported `source` (and siblings) as a version. Rejects as WorkerLink.ready does. */
  async worker(
    source: string,
    { name = "probe", runtime = pythonRuntime, siblings = {} as Record<string, string>, extension = ".py" } = {},
  ): Promise<Probe> {
    return await this.#start(await this.version(source, { name, runtime, siblings, extension }));
  }

  /** Writes a version, and says how its workers are started. */
  async version(
    source: string,
    { name = "probe", runtime = pythonRuntime, siblings = {} as Record<string, string>, extension = ".py" } = {},
  ): Promise<WorkerSpec> {
    const folder = join(this.home.model, ".versions", name, `${++this.#versions}`);
    await mkdir(join(folder, "app/model"), { recursive: true });
    for (const [file, text] of Object.entries({ [name]: source, ...siblings }))
      await writeFile(join(folder, "app/model", file + extension), text);
    const manifest = {
      name,
      version: "0123456789abcdef",
      runtime: runtime.name,
      environment: "local",
      file: name + extension,
      notebook: null,
      title: name,
    } as const;
    return runtime.workerFor(
      { ...manifest, description: "", category: "", requirements: [], options: {}, entryPoints: [], methods: [], cells: [], siblings: {} },
      folder,
      this.home,
    );
  }

  /** Starts a worker without a version. */
  async plain(runtime = pythonRuntime): Promise<Probe> {
    if (!runtime.plainWorker) throw new Error(`${runtime.name} has no plain worker`);
    return await this.#start(runtime.plainWorker(this.home));
  }

  /** A new folder for the model of a fit. */
  async modelFolder(): Promise<string> {
    const folder = join(this.home.data, ".models", "probe", `${++this.#folders}`);
    await mkdir(folder, { recursive: true });
    return folder;
  }

  async #start(spec: WorkerSpec): Promise<Probe> {
    const worker = await this.start(spec);
    const link = new WorkerLink(worker);
    const ready = await link.ready;
    return new Probe(worker, link, ready, this.home);
  }

  /** Starts what is described; the stream has not been read. */
  start(spec: WorkerSpec): Promise<RunningWorker> {
    return this.environment.start(spec);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.environment[Symbol.asyncDispose]();
    await rm(this.home.root, { recursive: true, force: true });
  }
}

/** One started worker, called as tests like to. */
export class Probe {
  readonly worker: RunningWorker;
  readonly link: WorkerLink;
  readonly ready: Awaited<WorkerLink["ready"]>;
  readonly #home: Home;

  constructor(worker: RunningWorker, link: WorkerLink, ready: Awaited<WorkerLink["ready"]>, home: Home) {
    this.worker = worker;
    this.link = link;
    this.ready = ready;
    this.#home = home;
  }

  /**
   * Applies, or loads, models by name that the worker may keep. Each has a folder of its own. Gives the values of the answer below its
   * header, and whether the model was in memory already.
   */
  applying(): (model: string, method?: string) => Promise<Answer & { readonly found: string; readonly was: boolean | null | undefined }> {
    const { data } = this.#home;
    return async (name, method = "apply") => {
      const model = { name, key: `${name}@1`, folder: join(data, ".models", "probe", name), shared: data };
      const answer = await this.call(method === "load" ? "" : "a\n1\n", { method, model });
      return Object.assign(answer, { found: answer.csv.slice(answer.csv.indexOf("\n") + 1).trim(), was: answer.done?.modelWasLoaded });
    };
  }

  /** The whole JSON of a call. */
  asked({ input, output, ...rest }: Asked): WorkerCall {
    const model = { name: "probe_default", key: null, folder: this.#home.data, shared: this.#home.data };
    const plain = { format: "csv", fields: null, types: null, untyped: "guess", rowWise: false, dropMultivalue: true, file: null } as const;
    return {
      run: "r1",
      method: "apply",
      strict: false,
      param: "{}",
      model,
      stage: null,
      ...rest,
      input: { ...plain, segments: [], ...input },
      output: { format: "csv", append: false, ...output },
    };
  }

  /** Calls and collects the answer. Rejects with WorkerLost and with the signal's reason; an error frame is an answer. */
  async call(
    rows: Rows | string,
    asked: Asked = {},
    { signal = new AbortController().signal, onEvent = (_: WorkerEvent) => {}, onTable = (_: Buffer) => {} } = {},
  ): Promise<Answer> {
    const frames: Buffer[] = [];
    const log: string[] = [];
    const sink = {
      event(event: WorkerEvent) {
        if (event.event === "log") log.push(event.text);
        onEvent(event);
      },
      table(bytes: Buffer) {
        frames.push(Buffer.from(bytes));
        onTable(bytes);
      },
    };
    const collected = {
      frames,
      log,
      get csv() {
        return joined(frames);
      },
    };
    try {
      const done = await this.link.call(this.asked(asked), typeof rows === "string" ? Buffer.from(rows) : rows, sink, signal);
      return Object.assign(collected, { done });
    } catch (error) {
      if (!(error instanceof WorkerFailed)) throw error;
      return Object.assign(collected, { error: error.error });
    }
  }
}

function joined(frames: readonly Buffer[]): string {
  return frames.map((frame, at) => (at === 0 ? frame.toString() : frame.toString().replace(/^.*\n/, ""))).join("");
}
