import { readFile, rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { nameKey } from "#contract/names.ts";
import type { Store } from "../store/store.ts";
import { datasetFolder } from "./datasets.ts";
import type { BridgeHome } from "./home.ts";
import { modelFolder, shareModelFiles, unshareModelFiles } from "./models.ts";

/** What a deletion takes away, with all that is needed to find its files when the store knows it no more. */
export const Removed = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("algorithm"), name: z.string(), live: z.string().nullable(), versions: z.array(z.string()) }),
  z.object({ kind: z.literal("version"), algorithm: z.string(), version: z.string() }),
  z.object({ kind: z.literal("model"), algorithm: z.string(), name: z.string(), version: z.int() }),
  /** All versions up to this one. */
  z.object({ kind: z.literal("dataset"), name: z.string(), version: z.int() }),
]);
export type Removed = z.infer<typeof Removed>;

export type RemovalStore = Pick<Store, "algorithms" | "versions" | "models" | "datasets" | "bridges">;

/**
 * Removes the files of what was deleted; what the store knows, because the deletion never came true or it was made again,
 * is left alone. Done again it changes nothing.
 */
export async function removeFiles(home: BridgeHome, store: RemovalStore, removed: Removed): Promise<void> {
  switch (removed.kind) {
    case "algorithm": {
      const { name, live, versions } = removed;
      return await unpublished(name, async () => {
        if (await store.algorithms.find(name)) {
          for (const version of versions) await removeVersion(name, version);
          return;
        }
        if (live !== null) await removeExport(home, name, live);
        await rm(join(home.model, ".versions", name), { recursive: true, force: true }); // with those that never went live
      });
    }
    case "version":
      return await unpublished(removed.algorithm, () => removeVersion(removed.algorithm, removed.version));
    case "model": {
      const { algorithm, name, version } = removed;
      if (await store.models.find(algorithm, name, String(version))) return;
      const folder = modelFolder(home, algorithm, name, version);
      await unshareModelFiles(home, folder);
      await removeFolder(join(home.root, folder));
      const left = await store.models.find(algorithm, name);
      if (left) await shareModelFiles(home, left.folder, `delete-${left.run}`);
      return;
    }
    case "dataset": {
      const { name, version } = removed;
      if (await store.datasets.find(name)) return;
      for (const ending of ["csv", "json"]) await rm(join(home.staged, `${name}.${ending}`), { force: true });
      for (let each = 1; each <= version; each++) await removeFolder(join(home.root, datasetFolder(home, name, each)));
    }
  }

  /** Not while the same version goes live again, which would find its folder there. */
  async function unpublished(name: string, work: () => Promise<void>): Promise<void> {
    await store.bridges.exclusively(`publish ${nameKey(name)}`, work);
  }

  async function removeVersion(algorithm: string, version: string): Promise<void> {
    if (await store.versions.find(algorithm, version)) return;
    await removeFolder(join(home.model, ".versions", algorithm, version));
  }
}

/** The live file in `app/model`, unless it was changed by hand: left there it would come back as a module. */
async function removeExport(home: BridgeHome, name: string, live: string): Promise<void> {
  const file = join(home.model, `${name}.py`);
  const [there, ours] = await Promise.all(
    [file, join(home.model, ".versions", name, live, "app", "model", `${name}.py`)].map((path) => readFile(path).catch(() => undefined)),
  );
  if (there && ours && there.equals(ours)) await rm(file, { force: true });
}

/** With the folder above it, when nothing else is in there. */
async function removeFolder(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
  await rmdir(dirname(path)).catch(() => {});
}
