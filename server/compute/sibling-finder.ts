import { join } from "node:path";
import { readModule } from "../../notebook-exporter/module-files.ts";
import type { Files, FindSibling } from "../../notebook-exporter/siblings.ts";
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
    const root = join(home.model, ".versions", module, version, "app", "model");
    let files: Files = {};
    for (const name of [module, ...Object.keys(siblings)]) {
      for (const entry of [`${name}.py`, name]) {
        const read = await readModule(root, { name, entry });
        if (read && "files" in read) files = { ...files, ...read.files };
      }
    }
    return { version, files, siblings };
  };
}
