import type { Log } from "#contract/edges.ts";
import { Conflict, NotFound } from "#contract/errors.ts";
import type { ModelVersion } from "#contract/model.ts";
import type { OpenRun } from "#contract/part.ts";
import { nearNames } from "../store/near.ts";
import type { Store, Transaction } from "../store/store.ts";
import type { Pool } from "../workers/pool.ts";
import type { BridgeHome } from "./home.ts";
import { ownerOf } from "./model-owner.ts";
import { type Noted, noteRemoval } from "./removals.ts";
import { type Removed, removeFiles } from "./removed-files.ts";
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
      const removed: Removed = {
        kind: "algorithm",
        name: known.name,
        live: known.live,
        versions: versions.map(({ version }) => version),
      };
      const { noted } = await committed([removed], (tx) => tx.algorithms.remove(known.name));
      pool.retire(known.name, "");
      await noted.finish();
    },

    async version(algorithm, version) {
      const use = versionUse(algorithm, version);
      refuseUsed(use, `${algorithm}@${version}`);
      await refuseOpen(algorithm, `${algorithm}@${version}`, ({ run }) => run.version === version);
      const found = await store.versions.find(algorithm, version);
      const name = found?.manifest.name ?? algorithm;
      const { noted } = await committed([{ kind: "version", algorithm: name, version }], (tx) => tx.versions.remove(algorithm, version));
      await uses.end(use);
      await noted.finish();
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
      const removed = those.map((each): Removed => ({ kind: "model", algorithm: owner, name, version: each.version }));
      const { noted, result: gone } = await committed(removed, (tx) => tx.models.remove(owner, name, version));
      for (const each of gone) await uses.end(modelUse(owner, name, each.version));
      await noted.finish();
      // A fit that ended meanwhile, whose model went with the others.
      const more = gone.filter((each) => !those.some(({ version }) => version === each.version));
      for (const each of more) await removeFiles(home, store, { kind: "model", algorithm: owner, name, version: each.version });
      return gone;
    },

    async dataset(name) {
      const newest = await store.datasets.find(name);
      const removed: Removed[] = newest ? [{ kind: "dataset", name, version: newest.version }] : [];
      const { noted } = await committed(removed, (tx) => tx.datasets.remove(name));
      await noted.finish();
    },
  };

  /** Commits a deletion whose files are noted before. */
  async function committed<T>(removed: readonly Removed[], commit: (tx: Transaction) => Promise<T>): Promise<{ noted: Noted; result: T }> {
    const noted = await noteRemoval(home, store, removed, log);
    try {
      return { noted, result: await store.transaction(commit) };
    } catch (error) {
      await noted.drop();
      throw error;
    }
  }

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
}

const MANY = 10_000;

type Use = Pick<OpenRun, "run" | "modelVersion">;
