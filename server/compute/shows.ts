import type { Store } from "../store/store.ts";
import { isUnshown, leaveUnshown, showDataset } from "./datasets.ts";
import type { BridgeHome } from "./home.ts";

/** How many names are looked at when a bridge starts. */
const ALL = 1_000_000;

/** Puts the newest committed version of a dataset where notebooks look. */
export type Show = (name: string, folder: string) => Promise<void>;

/** One at a time, so that an older version never ends up over a newer one: what is shown is what the store says is newest. */
export function showsIn(store: Pick<Store, "datasets">, home: BridgeHome): Show {
  let last: Promise<void> = Promise.resolve();
  return (name, folder) => {
    const own = last.then(async () => {
      const newest = await store.datasets.find(name);
      if (newest) await showDataset(home, name, newest.folder);
      if (newest?.folder !== folder) await leaveUnshown(home, folder);
    });
    last = own.catch(() => {});
    return own;
  };
}

/** Shows what was committed by a bridge that was killed before it could. For the start, before any call. */
export async function showUnshown(store: Pick<Store, "datasets">, home: BridgeHome): Promise<void> {
  for (const { name, folder } of await store.datasets.list({ limit: ALL })) {
    if (await isUnshown(home, folder)) await showDataset(home, name, folder);
  }
}
