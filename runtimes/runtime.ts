import type { Manifest } from "#contract/manifest.ts";

/**
 * A runtime knows how to run one kind of module. It decides *what* is started, never *where*: the where
 * is an Environment, and any runtime runs in any environment.
 *
 * To add one, make a folder here with `runtime.ts`, `worker/`, `requirements.txt`, `Dockerfile` and
 * `README.md`, list it in `index.ts`, and run `npm test -- test/runtimes`: the shared suite says when it is done.
 */
export interface Runtime {
  /** The name in a manifest, such as "python". Also the name of the folder. */
  readonly name: string;
  /** What to start so that this version can be called. `folder` is the version's own. Starts nothing itself. */
  workerFor(manifest: Manifest, folder: string, home: Home): WorkerSpec;
  /** What to start for `stage` and `parse`: a worker without a version. Absent where the runtime reads no tables. */
  plainWorker?(home: Home): WorkerSpec;
}

/** The folders of BRIDGE_HOME that workers see, absolute. */
export interface Home {
  readonly root: string;
  /** `app/model` */
  readonly model: string;
  /** `app/model/data` */
  readonly data: string;
  /** `notebooks` */
  readonly notebooks: string;
}

/** Everything an environment needs to start a worker. Plain data: it can be logged and compared. */
export interface WorkerSpec {
  /** For people and metrics, such as `python iris@1f2e…`. */
  readonly label: string;
  readonly command: readonly [string, ...string[]];
  /** All that the worker's environment holds, besides what the Environment says of its connection. */
  readonly env: Readonly<Record<string, string>>;
  /** The working directory. */
  readonly folder: string;
  /**
   * A process that has the heavy imports done and forks workers (PROTOCOL.md, Warm processes). The environment
   * keeps one per distinct value; `command` then gives the arguments of the fork. Absent: start `command` itself.
   */
  readonly warm?: { readonly command: readonly [string, ...string[]]; readonly env: Readonly<Record<string, string>> };
  /**
   * The same worker, started before it is known what it is to be (PROTOCOL.md, Spare workers): by this command it connects and
   * waits to be told the arguments. All else is as it stands here.
   */
  readonly spare?: { readonly command: readonly [string, ...string[]]; readonly told: readonly string[] };
}
