import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "#contract/edges.ts";
import { Conflict, NotFound } from "#contract/errors.ts";
import type { ModelVersion } from "#contract/model.ts";
import type { OpenRun } from "#contract/part.ts";
import { nearNames } from "../store/near.ts";
import type { Store } from "../store/store.ts";
import type { Pool } from "../workers/pool.ts";
import { datasetFolder } from "./datasets.ts";
import type { BridgeHome } from "./home.ts";
import { ownerOf } from "./model-owner.ts";
import { modelFolder, shareModelFiles, unshareModelFiles } from "./models.ts";
import { modelUse, type Uses, versionUse } from "./uses.ts";

/**
 * Deleting what people made. Each is refused with Conflict while something uses it, and is gone at once from what can
 * be called; its files follow when the last call that read them has ended. Runs stay.
 */
export interface Deletions {
  /** An algorithm whose notebook or module is gone already, with its versions. @throws Conflict while it has models */
  algorithm(name: string): Promise<void>;
  version(algorithm: string, version: string): Promise<void>;
  /** @param algorithm needed when several have a model of that name */
  model(name: string, of: { readonly algorithm?: string | undefined; readonly version?: string | undefined }): Promise<ModelVersion[]>;
  dataset(name: string): Promise<void>;
}

export interface DeletionsParts {
  readonly store: Store;
  readonly home: BridgeHome;
  readonly uses: Uses;
  readonly pool: Pick<Pool, "retire">;
  readonly log: Log;
}

export function deletionsWith({ store, home, uses, pool, log }: DeletionsParts): Deletions {
  return {
    async algorithm(name) {
      const known = await store.algorithms.find(name);
      if (!known)
        throw new NotFound(
          "algorithm",
          name,
          nearNames(
            name,
            (await store.algorithms.list()).map((each) => each.name),
          ),
        );
      if (known.state !== "missing") {
        const what = known.notebook === null ? "module is in app/model" : `notebook is ${known.notebook}`;
        throw new Conflict(`${known.name} is still there: its ${what}.`, "Delete or move that first; then this removes its versions.");
      }
      const versions = await store.versions.list({ algorithm: known.name, limit: MANY });
      for (const each of versions) refuseUsed(versionUse(known.name, each.version), `${known.name}@${each.version}`);
      await refuseOpen(known.name, known.name, () => true);
      await store.transaction((tx) => tx.algorithms.remove(known.name));
      pool.retire(known.name, "");
      await removeExport(known.name, known.live);
      await remove(join(home.model, ".versions", known.name));
    },

    async version(algorithm, version) {
      const use = versionUse(algorithm, version);
      refuseUsed(use, `${algorithm}@${version}`);
      await refuseOpen(algorithm, `${algorithm}@${version}`, ({ run }) => run.version === version);
      const found = await store.versions.find(algorithm, version);
      await store.transaction((tx) => tx.versions.remove(algorithm, version));
      await uses.end(use);
      await remove(join(home.model, ".versions", found?.manifest.name ?? algorithm, version));
    },

    async model(name, { algorithm, version }) {
      const owner = await ownerOf(store.models, name, algorithm);
      const those = (await store.models.list({ algorithm: owner, name, limit: MANY })).filter(
        (each) => version === undefined || String(each.version) === version || each.aliases.includes(version),
      );
      for (const each of those) {
        refuseUsed(modelUse(owner, name, each.version), `${name}@${each.version}`);
        const isIt = ({ run, modelVersion }: Use) => run.model === name && modelVersion === each.version;
        await refuseOpen(owner, `${name}@${each.version}`, isIt);
      }
      const gone = await store.transaction((tx) => tx.models.remove(owner, name, version));
      for (const each of gone) {
        await uses.end(modelUse(owner, name, each.version));
        await unshareModelFiles(home, each.folder);
        await remove(join(home.root, modelFolder(home, owner, name, each.version)));
      }
      const left = await store.models.find(owner, name);
      if (left) await shareModelFiles(home, left.folder, `delete-${left.run}`);
      return gone;
    },

    async dataset(name) {
      const newest = await store.datasets.find(name);
      await store.transaction((tx) => tx.datasets.remove(name));
      if (!newest) return;
      for (const ending of ["csv", "json"]) await remove(join(home.staged, `${name}.${ending}`));
      await remove(join(home.root, datasetFolder(home, name, newest.version), ".."));
    },
  };

  function refuseUsed(use: string, shown: string): void {
    const count = uses.of(use);
    if (count === 0) return;
    throw new Conflict(`${shown} is in use by ${count} call${count === 1 ? "" : "s"} under way.`, "Delete it when they have ended.", 1);
  }

  /** Runs in parts use it between their parts, too. */
  async function refuseOpen(algorithm: string, shown: string, isIt: (use: Use) => boolean): Promise<void> {
    const open = (await store.parts.using(algorithm)).filter(isIt);
    if (open.length === 0) return;
    const ids = open.map(({ run }) => run.id).join(", ");
    throw new Conflict(`${shown} is in use by searches under way, whose runs are ${ids}.`, "Delete it when they have ended.", 1);
  }

  /** The live file in `app/model`, unless it was changed by hand: left there it would come back as a module. */
  async function removeExport(name: string, live: string | null): Promise<void> {
    if (live === null) return;
    const file = join(home.model, `${name}.py`);
    const [there, ours] = await Promise.all(
      [file, join(home.model, ".versions", name, live, "app", "model", `${name}.py`)].map((path) => readFile(path).catch(() => undefined)),
    );
    if (there && ours && there.equals(ours)) await remove(file);
  }

  async function remove(path: string): Promise<void> {
    await rm(path, { recursive: true, force: true }).catch((error: unknown) =>
      log.warn({ err: error, path }, "the files of something that was deleted could not be removed"),
    );
  }
}

const MANY = 10_000;

type Use = Pick<OpenRun, "run" | "modelVersion">;
