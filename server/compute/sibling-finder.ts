import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type FindSibling, modulePath } from "../../notebook-exporter/siblings.ts";
import type { Store } from "../store/store.ts";
import type { BridgeHome } from "./home.ts";

/** Finds live modules of `app.model` for the algorithms that import them. */
export function siblingFinder(store: Pick<Store, "algorithms" | "versions">, home: BridgeHome): FindSibling {
  return async (module) => {
    const algorithm = await store.algorithms.find(module);
    if (!algorithm || algorithm.live === null || algorithm.name !== module) return undefined;
    const found = await store.versions.find(module, algorithm.live);
    if (!found) return undefined;
    const { version, siblings } = found.manifest;
    const folder = join(home.model, ".versions", module, version);
    const files: Record<string, string> = {};
    for (const each of [module, ...Object.keys(siblings)]) {
      const path = modulePath(each);
      files[path] = await readFile(join(folder, path), "utf8");
    }
    return { version, files, siblings };
  };
}
