import { describe, expect, it } from "vitest";
import { algorithm, type Engine, eachWithStore, manifest, runId, versionId } from "./store-suite.ts";

const facts = { project: "default", run: runId(1) };
const fitted = (name: string) => ({ ...facts, algorithm: "Iris", name, fittedBy: versionId(1), signature: null });
const staged = (name: string) => ({ ...facts, name, rows: 1, bytes: 1, columns: null, csv: `data/${name}.csv` });

/** What every engine of the store must do when something is deleted. */
export function removalSuite(name: string, newEngine: () => Promise<Engine>) {
  describe(`deleting from the store on ${name}`, () => {
    const on = eachWithStore(newEngine);
    const train = (model: string) => on.store.transaction((tx) => tx.models.add(fitted(model), (version) => `f/${version}`));
    const stage = (dataset: string) => on.store.transaction((tx) => tx.datasets.add(staged(dataset), (version) => `f/${version}`));
    const numbers = async (model: string) =>
      (await on.store.models.list({ name: model, limit: 9 })).map(({ version, aliases }) => [version, ...aliases]);
    const last = async () => (await on.store.events.after(0)).at(-1);

    it("takes a model's version away, moves latest back, and never gives a number twice", async () => {
      for (const each of ["m", "m", "m", "n"]) await train(each);
      const gone = await on.store.transaction((tx) => tx.models.remove("iris", "m", "latest"));
      expect(gone).toMatchObject([{ version: 3, aliases: ["latest"] }]);
      expect(await last()).toMatchObject({ kind: "model.deleted", subject: "Iris/m", data: { versions: [3] } });
      expect(await numbers("m")).toEqual([[2, "latest"], [1]]);
      await on.store.transaction((tx) => tx.models.remove("iris", "m", "1"));
      await on.store.transaction((tx) => tx.models.remove("iris", "m"));
      expect(await numbers("m")).toEqual([]);
      expect(await numbers("n")).toEqual([[1, "latest"]]);
      expect((await train("m")).version).toBe(4);
      await expect(on.store.transaction((tx) => tx.models.remove("iris", "m", "1"))).rejects.toMatchObject({ code: "NOT_FOUND" });
      await expect(on.store.transaction((tx) => tx.models.remove("iris", "x"))).rejects.toMatchObject({ code: "NOT_FOUND" });
    });

    it("takes a dataset away with all versions, and never gives a number twice", async () => {
      for (const each of ["a", "a", "b"]) await stage(each);
      await on.store.transaction((tx) => tx.datasets.remove("a"));
      expect(await last()).toMatchObject({ kind: "dataset.deleted", subject: "a", data: { versions: 2 } });
      expect((await on.store.datasets.list({ limit: 9 })).map(({ name }) => name)).toEqual(["b"]);
      expect((await stage("a")).version).toBe(3);
      await expect(on.store.transaction((tx) => tx.datasets.remove("x"))).rejects.toMatchObject({ code: "NOT_FOUND" });
    });

    it("refuses a live version and an algorithm with models; takes the algorithm's versions with it", async () => {
      await on.store.transaction(async (tx) => {
        await tx.algorithms.put(algorithm("Iris"));
        for (const n of [1, 2]) await tx.versions.add(manifest("Iris", versionId(n)), []);
        await tx.algorithms.setLive("Iris", versionId(2));
      });
      await train("m");
      const removal = (version: number) => on.store.transaction((tx) => tx.versions.remove("iris", versionId(version)));
      await expect(removal(2)).rejects.toMatchObject({ code: "CONFLICT" });
      await removal(1);
      await expect(removal(1)).rejects.toMatchObject({ code: "NOT_FOUND" });
      const whole = () => on.store.transaction((tx) => tx.algorithms.remove("iris"));
      await expect(whole()).rejects.toMatchObject({ code: "CONFLICT", message: "Iris has models: m." });
      await on.store.transaction((tx) => tx.models.remove("Iris", "m"));
      await whole();
      expect(await on.store.algorithms.find("Iris")).toBeUndefined();
      expect(await on.store.versions.list({ limit: 9 })).toEqual([]);
      expect(await last()).toMatchObject({ kind: "algorithm.deleted", subject: "Iris" });
      await expect(whole()).rejects.toMatchObject({ code: "NOT_FOUND" });
    });

    it("takes nothing away when the transaction fails", async () => {
      await train("m");
      const failing = on.store.transaction(async (tx) => {
        await tx.models.remove("Iris", "m");
        throw new Error("no");
      });
      await expect(failing).rejects.toThrow("no");
      expect(await numbers("m")).toEqual([[1, "latest"]]);
      expect((await train("m")).version).toBe(2);
    });
  });
}
