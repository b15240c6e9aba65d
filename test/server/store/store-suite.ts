import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Algorithm } from "#contract/algorithm.ts";
import type { Event } from "#contract/event.ts";
import type { Manifest } from "#contract/manifest.ts";
import type { Run } from "#contract/run.ts";
import type { StoreEdges } from "../../../server/store/open.ts";
import type { Store } from "../../../server/store/store.ts";

/** Opens the same database again and again within one test; a fresh one for each test. */
export interface Engine {
  open(edges: StoreEdges): Promise<Store>;
  /** Makes the next writes fail, until the returned function is called. */
  breakWrites(): Promise<() => Promise<void>>;
  remove(): Promise<void>;
}

export const quietLog = { info() {}, warn() {}, error() {} };

/** A clock that advances a millisecond at each look. */
export function steppingClock() {
  let ms = Date.UTC(2026, 0, 31);
  return { now: () => new Date(ms++).toISOString(), ticks: () => ms };
}

export function algorithm(name: string, facts: Partial<Algorithm> = {}): Omit<Algorithm, "live"> {
  return {
    ...{ project: "default", name, title: name, description: "", category: "", runtime: "python", environment: "local" },
    ...{ notebook: `${name}.ipynb`, state: "live" as const, problems: [], content: "abc", exportedAt: "2026-01-31T00:00:00.000Z" },
    ...facts,
  };
}

export function manifest(name: string, version: string): Manifest {
  return {
    ...{ name, version, runtime: "python", environment: "local", file: `${name}.py`, notebook: `${name}.ipynb`, title: name },
    ...{ description: "", category: "", requirements: [], options: { apply: "row-wise", mine: [1, { a: null }] } },
    ...{ entryPoints: ["fit", "apply"], methods: ["fit", "apply"], cells: [], siblings: {} },
  };
}

export const versionId = (n: number) => n.toString(16).padStart(16, "0");
export const runId = (n: number) => `run-${String(n).padStart(6, "0")}`;

export function begun(n: number, facts: Partial<Run> = {}) {
  return {
    ...{
      project: "default",
      id: runId(n),
      algorithm: "iris",
      version: null,
      method: "apply",
      model: "default",
      caller: "me",
      search: null,
    },
    ...facts,
  };
}

const _succeeded = { state: "succeeded", receipt: null, error: null } as const;
export const dataset = (name: string) => ({
  ...{ project: "default", name, rows: 3, columns: [{ name: "a", type: "int64" as const }], bytes: 2 ** 33, run: runId(1) },
  csv: `notebooks/data/${name}.csv`,
});
const model = (algorithmName: string, name: string) => ({
  ...{ project: "default", algorithm: algorithmName, name, fittedBy: versionId(1), run: runId(1), signature: null },
});

/** A new engine and its store for each test of the suite that calls this; a test may put another store in its place. */
export function eachWithStore(newEngine: () => Promise<Engine>): { readonly engine: Engine; store: Store } {
  let engine: Engine | undefined;
  let store: Store | undefined;
  const there = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error("outside of a test");
    return value;
  };
  beforeEach(async () => {
    engine = await newEngine();
    store = await engine.open({ clock: steppingClock(), log: quietLog });
  });
  afterEach(async () => {
    await store?.[Symbol.asyncDispose]();
    await engine?.remove();
  });
  return {
    get engine() {
      return there(engine);
    },
    get store() {
      return there(store);
    },
    set store(other) {
      store = other;
    },
  };
}

/** What every engine of the store must do. */
export function storeSuite(name: string, newEngine: () => Promise<Engine>) {
  describe(`store on ${name}`, () => {
    const on = eachWithStore(newEngine);
    const told = () => on.store.events.after(0);

    describe("algorithms and versions", () => {
      it("finds by name and title ignoring case, and lists by name", async () => {
        await on.store.transaction(async (tx) => {
          await tx.algorithms.put(algorithm("Zeta"));
          await tx.algorithms.put(algorithm("École été", { title: "Both" }));
          await tx.algorithms.put(algorithm("beta", { title: "BOTH" }));
        });
        expect(await on.store.algorithms.find("éCOLE ÉTÉ")).toMatchObject({ name: "École été", live: null });
        expect((await on.store.algorithms.findByTitle("both")).map(({ name }) => name)).toEqual(["beta", "École été"]);
        expect((await on.store.algorithms.list()).map(({ name }) => name)).toEqual(["beta", "Zeta", "École été"]);
        expect(await on.store.algorithms.find("nobody")).toBeUndefined();
      });

      it("replaces all of an algorithm but what is live, and tells its state", async () => {
        const problem = { severity: "error" as const, code: "syntax-error", cell: 3, line: 2, message: "No.", hint: "Mend it." };
        await on.store.transaction(async (tx) => {
          await tx.versions.add(manifest("iris", versionId(1)), []);
          await tx.algorithms.put(algorithm("iris"));
          await tx.algorithms.setLive("IRIS", versionId(1));
          await tx.algorithms.put(algorithm("iris", { state: "failing", problems: [problem] }));
          await tx.algorithms.put(algorithm("iris", { state: "missing" }));
        });
        expect(await on.store.algorithms.find("iris")).toMatchObject({ state: "missing", live: versionId(1), problems: [] });
        expect((await told()).map(({ kind }) => kind)).toEqual([
          "version.exported",
          "algorithm.changed",
          "version.live",
          "algorithm.failing",
          "algorithm.missing",
        ]);
        expect((await told())[3]).toMatchObject({ subject: "iris", data: { errors: 1, warnings: 0 } });
      });

      it("adds a version once, lists the newest first and says which is live", async () => {
        await on.store.transaction(async (tx) => {
          for (const version of [versionId(9), versionId(1), versionId(9)]) await tx.versions.add(manifest("Iris", version), []);
          await tx.versions.add(manifest("other", versionId(1)), []);
          await tx.algorithms.put(algorithm("iris"));
          await tx.algorithms.setLive("iris", versionId(9));
          await tx.algorithms.setLive("iris", versionId(9));
        });
        const listed = await on.store.versions.list({ algorithm: "iRIS", limit: 10 });
        expect(listed.map(({ version, isLive }) => [version, isLive])).toEqual([
          [versionId(1), false],
          [versionId(9), true],
        ]);
        expect(await on.store.versions.list({ limit: 1 })).toMatchObject([{ algorithm: "other" }]);
        expect((await on.store.versions.find("iris", versionId(1)))?.manifest).toEqual(manifest("Iris", versionId(1)));
        expect(await on.store.versions.find("iris", versionId(2))).toBeUndefined();
        expect((await told()).filter(({ kind }) => kind === "version.live")).toHaveLength(1);
      });

      it("gives lists page by page", async () => {
        await on.store.transaction(async (tx) => {
          for (const n of [3, 1, 2]) {
            await tx.algorithms.put(algorithm(`É ${n}`));
            await tx.versions.add(manifest("iris", versionId(n)), []);
            await tx.models.add(model("iris", `m${n}`), () => "m");
            await tx.datasets.add(dataset(`d${n}`), () => "d");
          }
        });
        const pages = async (page: (wanted: { limit: number; cursor?: string }) => Promise<{ items: object[]; next: string | null }>) => {
          const first = await page({ limit: 2 });
          const second = await page({ limit: 2, cursor: first.next ?? "0" });
          expect(await page({ limit: 3 })).toEqual({ items: [...first.items, ...second.items], next: null });
          return [first.items, second.items, second.next];
        };
        const { algorithms, versions, models, datasets } = on.store;
        expect(await pages((wanted) => algorithms.page(wanted))).toMatchObject([
          [{ name: "É 1" }, { name: "É 2" }],
          [{ name: "É 3" }],
          null,
        ]);
        const iris = (wanted: { limit: number }) => versions.page({ algorithm: "IRIS", ...wanted });
        for (const page of [iris, (wanted: { limit: number }) => versions.page(wanted)])
          expect(await pages(page)).toMatchObject([
            [{ version: versionId(2) }, { version: versionId(1) }],
            [{ version: versionId(3) }],
            null,
          ]);
        expect(await pages((wanted) => models.page(wanted))).toMatchObject([[{ name: "m2" }, { name: "m1" }], [{ name: "m3" }], null]);
        expect(await pages((wanted) => datasets.page(wanted))).toMatchObject([[{ name: "d2" }, { name: "d1" }], [{ name: "d3" }], null]);
      });

      it("never points live to what was not added", async () => {
        await on.store.transaction((tx) => tx.algorithms.put(algorithm("iris")));
        const point = (name: string) => on.store.transaction((tx) => tx.algorithms.setLive(name, versionId(1)));
        await expect(point("iris")).rejects.toMatchObject({ code: "NOT_FOUND" });
        await expect(point("rose")).rejects.toMatchObject({ code: "NOT_FOUND" });
      });
    });

    describe("models and datasets", () => {
      it("numbers the versions of a model and moves latest", async () => {
        const add = (algorithmName: string, name: string) =>
          on.store.transaction((tx) => tx.models.add(model(algorithmName, name), (version) => `m/${version}`));
        expect(await add("iris", "default")).toMatchObject({ version: 1, aliases: ["latest"], folder: "m/1" });
        expect(await add("IRIS", "default")).toMatchObject({ version: 2 });
        expect(await add("iris", "big")).toMatchObject({ version: 1 });
        expect(await add("rose", "default")).toMatchObject({ version: 1 });
        expect(await on.store.models.find("iris", "default")).toMatchObject({ version: 2, aliases: ["latest"] });
        expect(await on.store.models.find("iris", "default", "1")).toMatchObject({ version: 1, aliases: [] });
        expect(await on.store.models.find("iris", "default", "champion")).toBeUndefined();
        expect(await on.store.models.find("iris", "default", "3")).toBeUndefined();
        const names = async (filter: { algorithm?: string; name?: string }) =>
          (await on.store.models.list({ ...filter, limit: 10 })).map((each) => `${each.algorithm}/${each.name}@${each.version}`);
        expect(await names({})).toEqual(["rose/default@1", "iris/big@1", "IRIS/default@2"]);
        expect(await names({ algorithm: "iris", name: "default" })).toEqual(["IRIS/default@2", "iris/default@1"]);
      });

      it("numbers the versions of a dataset and lists the newest of each", async () => {
        const add = (name: string) => on.store.transaction((tx) => tx.datasets.add(dataset(name), (version) => `d/${version}`));
        for (const name of ["a", "b", "a"]) await add(name);
        expect(await on.store.datasets.find("a")).toMatchObject({ version: 2, folder: "d/2", bytes: 2 ** 33, columns: [{ name: "a" }] });
        expect(await on.store.datasets.find("a", 1)).toMatchObject({ version: 1 });
        expect(await on.store.datasets.find("a", 3)).toBeUndefined();
        expect((await on.store.datasets.list({ limit: 10 })).map(({ name, version }) => [name, version])).toEqual([
          ["a", 2],
          ["b", 1],
        ]);
      });
    });

    describe("events", () => {
      it("come with their writes or not at all, without gaps", async () => {
        const heard: Event[] = [];
        on.store.events.subscribe((event) => heard.push(event));
        const failing = on.store.transaction(async (tx) => {
          await tx.algorithms.put(algorithm("iris"));
          throw new Error("no");
        });
        await expect(failing).rejects.toThrow("no");
        expect(await on.store.algorithms.list()).toEqual([]);
        await Promise.all(["a", "b", "c"].map((each) => on.store.transaction((tx) => tx.algorithms.put(algorithm(each)))));
        expect(heard).toEqual(await told());
        expect(heard.map(({ number }) => number)).toEqual([1, 2, 3]);
        expect(await on.store.events.last()).toBe(3);
        expect((await on.store.events.after(1, 1)).map(({ subject }) => subject)).toEqual(["b"]);
      });

      it("reach the others when one listener throws, and none that has left", async () => {
        const heard: string[] = [];
        on.store.events.subscribe(() => {
          throw new Error("mine alone");
        });
        const leave = on.store.events.subscribe(({ subject }) => heard.push(subject));
        await on.store.transaction((tx) => tx.algorithms.put(algorithm("a")));
        leave();
        await on.store.transaction((tx) => tx.algorithms.put(algorithm("b")));
        expect(heard).toEqual(["a"]);
      });

      it("are seen by their listeners when the store already shows the write", async () => {
        const seen = new Promise((resolve) => on.store.events.subscribe(async () => resolve(await on.store.algorithms.find("a"))));
        await on.store.transaction((tx) => tx.algorithms.put(algorithm("a")));
        expect(await seen).toMatchObject({ name: "a" });
      });
    });

    it("can be read in the midst of a transaction, and shows what is committed", async () => {
      const seen = await on.store.transaction(async (tx) => {
        await tx.algorithms.put(algorithm("iris"));
        return on.store.algorithms.list();
      });
      expect(seen).toEqual([]);
    });

    it("refuses a transaction within a transaction instead of waiting for ever", async () => {
      const nested = on.store.transaction(() => on.store.transaction(async () => {}));
      await expect(nested).rejects.toThrow("within a transaction");
      await on.store.transaction((tx) => tx.algorithms.put(algorithm("iris")));
      expect(await on.store.algorithms.list()).toHaveLength(1);
    });

    it("lets work that a transaction set off begin one of its own when that has ended", async () => {
      let later: Promise<void> | undefined;
      const ended = new Promise<void>((resolve) => on.store.events.subscribe(() => resolve()));
      await on.store.transaction(async (tx) => {
        later = ended.then(() => on.store.transaction((own) => own.algorithms.put(algorithm("later"))));
        await tx.algorithms.put(algorithm("iris"));
      });
      await later;
      expect(await on.store.algorithms.list()).toHaveLength(2);
    });
  });
}
