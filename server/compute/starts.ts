import { join } from "node:path";
import { NotLive } from "#contract/errors.ts";
import type { Manifest } from "#contract/manifest.ts";
import { nameKey } from "#contract/names.ts";
import type { Runtime, WorkerSpec } from "../../runtimes/runtime.ts";
import type { Environment } from "../environments/environment.ts";
import type { BridgeHome } from "./home.ts";

/** What to start, where, and the key by which the pool knows workers that serve the same. */
export interface Start {
  readonly key: string;
  readonly spec: WorkerSpec;
  readonly environment: Environment;
}

/** The equation worker = environment.start(runtime.workerFor(version)): what stands on its right. */
export interface Starts {
  /** @throws NotFound for an unknown environment; NotLive for a runtime that is not here. */
  of(manifest: Manifest, environment: string | null): Start;
  /** A worker without a version, for stagings. */
  plain(): Start;
}

export function startsIn(home: BridgeHome, runtimes: readonly Runtime[], findEnvironment: (name: string) => Environment): Starts {
  const known = new Map<string, Start>();
  /** The same by what a call holds: it names nothing anew. */
  const asBefore = new WeakMap<Manifest, { readonly asked: string | null; readonly start: Start }>();
  return {
    of(manifest, asked) {
      const before = asBefore.get(manifest);
      if (before?.asked === asked) return before.start;
      const environment = findEnvironment(asked ?? manifest.environment);
      const key = `${nameKey(manifest.name)}@${manifest.version}/${environment.name}`;
      let start = known.get(key);
      if (!start) {
        const runtime = runtimes.find((each) => each.name === manifest.runtime);
        if (!runtime) {
          const names = runtimes.map((each) => each.name).join(", ");
          throw new NotLive(
            `${manifest.name} needs the runtime "${manifest.runtime}", which is not here.`,
            `Set compute_bridge.runtime in the notebook's metadata to one of: ${names}.`,
          );
        }
        const folder = join(home.model, ".versions", manifest.name, manifest.version);
        start = { key, environment, spec: runtime.workerFor(manifest, folder, home) };
        if (known.size >= 1000) known.clear();
        known.set(key, start);
      }
      asBefore.set(manifest, { asked, start });
      return start;
    },
    plain() {
      const spec = runtimes.map((each) => each.plainWorker?.(home)).find((each) => each !== undefined);
      if (!spec) throw new NotLive("No runtime here can read tables.", "List the python runtime in runtimes/index.ts.");
      const environment = findEnvironment("default");
      return { key: `plain/${environment.name}`, spec, environment };
    },
  };
}
