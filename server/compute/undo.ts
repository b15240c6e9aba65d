import { rm } from "node:fs/promises";
import type { Manifest } from "#contract/manifest.ts";
import type { Store } from "../store/store.ts";
import type { Pool } from "../workers/pool.ts";
import type { Running } from "./import.ts";
import type { Starts } from "./starts.ts";

interface Parts {
  readonly store: Pick<Store, "algorithms" | "versions">;
  readonly pool: Pick<Pool, "retire">;
  readonly starts: Starts;
  /** One after the other for a name. */
  inTurn<T>(name: string, work: () => Promise<T>): Promise<T>;
}

/** What was announced was not saved: its worker ends, and its folder goes, unless they serve by another way. */
export function undoWith({ store, pool, starts, inTurn }: Parts) {
  return async ({ name, version }: Manifest, running: Running): Promise<void> => {
    await running.import.end();
    // A save of the same content would find the folder, and go live with it.
    await inTurn(name, async () => {
      const live = (await store.algorithms.find(name))?.live ?? undefined;
      if (live === version) return;
      const serving = live === undefined ? undefined : await store.versions.find(name, live);
      pool.retire(name, serving ? starts.of(serving.manifest, null).key : "");
      await running.durable.catch(() => {});
      if (running.isNew && !(await store.versions.find(name, version))) await rm(running.folder, { recursive: true, force: true });
    });
  };
}
