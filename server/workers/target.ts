import type { WorkerSpec } from "../../runtimes/runtime.ts";
import type { Environment } from "../environments/environment.ts";

/** What a worker is to serve, and where it is started. */
export interface PoolTarget {
  /** Whose queue and turn it is; empty for plain workers. */
  readonly algorithm: string;
  /** Workers of one key serve the same. */
  readonly key: string;
  readonly spec: WorkerSpec;
  readonly environment: Environment;
}
