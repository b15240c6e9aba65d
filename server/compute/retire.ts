import type { Log } from "#contract/edges.ts";
import type { Store } from "../store/store.ts";
import type { Pool } from "../workers/pool.ts";
import type { Starts } from "./starts.ts";

/** Ends this bridge's workers of versions that another bridge has replaced; those that this one replaces it ends itself. */
export function retireWithOthers(
  store: Pick<Store, "algorithms" | "versions" | "events" | "bridges">,
  pool: Pool,
  starts: Starts,
  log: Log,
): void {
  if (store.bridges.own === null) return;
  store.events.subscribe(({ kind, subject }) => {
    if (kind !== "version.live") return;
    retire(subject).catch((error: unknown) =>
      log.warn({ err: error, algorithm: subject }, "workers of an old version go on until they are idle"),
    );
  });

  async function retire(name: string): Promise<void> {
    const live = (await store.algorithms.find(name))?.live;
    const version = live && (await store.versions.find(name, live));
    if (version) pool.retire(name, starts.of(version.manifest, null).key);
  }
}
