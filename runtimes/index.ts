import { pythonRuntime } from "./python/runtime.ts";
import type { Runtime } from "./runtime.ts";

export interface RuntimeOptions {
  /** The interpreter of notebooks and workers. */
  readonly python: string;
  /** The bridge's environment: runtimes take from it what is no secret and workers need. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Bytes that the models that one worker keeps in memory may take together. Absent: 2 GB. */
  readonly modelBytes?: number;
}

/** All runtimes. A new one is a folder beside `python`, and a line here. */
export function allRuntimes({ python, env, modelBytes }: RuntimeOptions): readonly Runtime[] {
  return [pythonRuntime(python, env, modelBytes)];
}
