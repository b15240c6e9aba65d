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

const succeeded = { state: "succeeded", receipt: null, error: null } as const;
const dataset = (name: string) => ({
  ...{ project: "default", name, rows: 3, columns: [{ name: "a", type: "int64" as const }], bytes: 2 ** 33, run: runId(1) },
  csv: `notebooks/data/${name}.csv`,
});
const model = (algorithmName: string, name: string) => ({
  ...{ project: "default", algorithm: algorithmName, name, fittedBy: versionId(1), run: runId(1), signature: null },
});

/** What every engine of the store must do. */
export function storeSuite(name: string, newEngine: () => Promise<Engine>) {
  describe(`store on ${name}`, () => {
    let engine: Engine;
    let store: Store;
    const open = (edges: Partial<StoreEdges> = {}) => engine.open({ clock: steppingClock(), log: quietLog, ...edges });
    const told = () => store.events.after(0);

    beforeEach(async () => {
      engine = await newEngine();
      store = await open();
    });
    afterEach(async () => {
      await store[Symbol.asyncDispose]();
      await engine.remove();
    });

    describe("algorithms and versions", () => {
      it("finds by name and title ignoring case, and lists by name", async () => {
        await store.transaction(async (tx) => {
          await tx.algorithms.put(algorithm("Zeta"));
          await tx.algorithms.put(algorithm("École été", { title: "Both" }));
          await tx.algorithms.put(algorithm("beta", { title: "BOTH" }));
        });
        expect(await store.algorithms.find("éCOLE ÉTÉ")).toMatchObject({ name: "École été", live: null });
        expect((await store.algorithms.findByTitle("both")).map(({ name }) => name)).toEqual(["beta", "École été"]);
        expect((await store.algorithms.list()).map(({ name }) => name)).toEqual(["beta", "Zeta", "École été"]);
        expect(await store.algorithms.find("nobody")).toBeUndefined();
      });

      it("replaces all of an algorithm but what is live, and tells its state", async () => {
        const problem = { severity: "error" as const, code: "syntax-error", cell: 3, line: 2, message: "No.", hint: "Mend it." };
        await store.transaction(async (tx) => {
          await tx.versions.add(manifest("iris", versionId(1)), []);
          await tx.algorithms.put(algorithm("iris"));
          await tx.algorithms.setLive("IRIS", versionId(1));
          await tx.algorithms.put(algorithm("iris", { state: "failing", problems: [problem] }));
          await tx.algorithms.put(algorithm("iris", { state: "missing" }));
        });
        expect(await store.algorithms.find("iris")).toMatchObject({ state: "missing", live: versionId(1), problems: [] });
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
        await store.transaction(async (tx) => {
          for (const version of [versionId(9), versionId(1), versionId(9)]) await tx.versions.add(manifest("Iris", version), []);
          await tx.versions.add(manifest("other", versionId(1)), []);
          await tx.algorithms.put(algorithm("iris"));
          await tx.algorithms.setLive("iris", versionId(9));
          await tx.algorithms.setLive("iris", versionId(9));
        });
        const listed = await store.versions.list({ algorithm: "iRIS", limit: 10 });
        expect(listed.map(({ version, isLive }) => [version, isLive])).toEqual([
          [versionId(1), false],
          [versionId(9), true],
        ]);
        expect(await store.versions.list({ limit: 1 })).toMatchObject([{ algorithm: "other" }]);
        expect((await store.versions.find("iris", versionId(1)))?.manifest).toEqual(manifest("Iris", versionId(1)));
        expect(await store.versions.find("iris", versionId(2))).toBeUndefined();
        expect((await told()).filter(({ kind }) => kind === "version.live")).toHaveLength(1);
      });

      it("gives lists page by page", async () => {
        await store.transaction(async (tx) => {
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
        const { algorithms, versions, models, datasets } = store;
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
        await store.transaction((tx) => tx.algorithms.put(algorithm("iris")));
        const point = (name: string) => store.transaction((tx) => tx.algorithms.setLive(name, versionId(1)));
        await expect(point("iris")).rejects.toMatchObject({ code: "NOT_FOUND" });
        await expect(point("rose")).rejects.toMatchObject({ code: "NOT_FOUND" });
      });
    });

    describe("models and datasets", () => {
      it("numbers the versions of a model and moves latest", async () => {
        const add = (algorithmName: string, name: string) =>
          store.transaction((tx) => tx.models.add(model(algorithmName, name), (version) => `m/${version}`));
        expect(await add("iris", "default")).toMatchObject({ version: 1, aliases: ["latest"], folder: "m/1" });
        expect(await add("IRIS", "default")).toMatchObject({ version: 2 });
        expect(await add("iris", "big")).toMatchObject({ version: 1 });
        expect(await add("rose", "default")).toMatchObject({ version: 1 });
        expect(await store.models.find("iris", "default")).toMatchObject({ version: 2, aliases: ["latest"] });
        expect(await store.models.find("iris", "default", "1")).toMatchObject({ version: 1, aliases: [] });
        expect(await store.models.find("iris", "default", "champion")).toBeUndefined();
        expect(await store.models.find("iris", "default", "3")).toBeUndefined();
        const names = async (filter: { algorithm?: string; name?: string }) =>
          (await store.models.list({ ...filter, limit: 10 })).map((each) => `${each.algorithm}/${each.name}@${each.version}`);
        expect(await names({})).toEqual(["rose/default@1", "iris/big@1", "IRIS/default@2"]);
        expect(await names({ algorithm: "iris", name: "default" })).toEqual(["IRIS/default@2", "iris/default@1"]);
      });

      it("numbers the versions of a dataset and lists the newest of each", async () => {
        const add = (name: string) => store.transaction((tx) => tx.datasets.add(dataset(name), (version) => `d/${version}`));
        for (const name of ["a", "b", "a"]) await add(name);
        expect(await store.datasets.find("a")).toMatchObject({ version: 2, folder: "d/2", bytes: 2 ** 33, columns: [{ name: "a" }] });
        expect(await store.datasets.find("a", 1)).toMatchObject({ version: 1 });
        expect(await store.datasets.find("a", 3)).toBeUndefined();
        expect((await store.datasets.list({ limit: 10 })).map(({ name, version }) => [name, version])).toEqual([
          ["a", 2],
          ["b", 1],
        ]);
      });
    });

    describe("events", () => {
      it("come with their writes or not at all, without gaps", async () => {
        const heard: Event[] = [];
        store.events.subscribe((event) => heard.push(event));
        const failing = store.transaction(async (tx) => {
          await tx.algorithms.put(algorithm("iris"));
          throw new Error("no");
        });
        await expect(failing).rejects.toThrow("no");
        expect(await store.algorithms.list()).toEqual([]);
        await Promise.all(["a", "b", "c"].map((each) => store.transaction((tx) => tx.algorithms.put(algorithm(each)))));
        expect(heard).toEqual(await told());
        expect(heard.map(({ number }) => number)).toEqual([1, 2, 3]);
        expect(await store.events.last()).toBe(3);
        expect((await store.events.after(1, 1)).map(({ subject }) => subject)).toEqual(["b"]);
      });

      it("reach the others when one listener throws, and none that has left", async () => {
        const heard: string[] = [];
        store.events.subscribe(() => {
          throw new Error("mine alone");
        });
        const leave = store.events.subscribe(({ subject }) => heard.push(subject));
        await store.transaction((tx) => tx.algorithms.put(algorithm("a")));
        leave();
        await store.transaction((tx) => tx.algorithms.put(algorithm("b")));
        expect(heard).toEqual(["a"]);
      });

      it("are seen by their listeners when the store already shows the write", async () => {
        const seen = new Promise((resolve) => store.events.subscribe(async () => resolve(await store.algorithms.find("a"))));
        await store.transaction((tx) => tx.algorithms.put(algorithm("a")));
        expect(await seen).toMatchObject({ name: "a" });
      });
    });

    it("can be read in the midst of a transaction, and shows what is committed", async () => {
      const seen = await store.transaction(async (tx) => {
        await tx.algorithms.put(algorithm("iris"));
        return store.algorithms.list();
      });
      expect(seen).toEqual([]);
    });

    it("refuses a transaction within a transaction instead of waiting for ever", async () => {
      const nested = store.transaction(() => store.transaction(async () => {}));
      await expect(nested).rejects.toThrow("within a transaction");
      await store.transaction((tx) => tx.algorithms.put(algorithm("iris")));
      expect(await store.algorithms.list()).toHaveLength(1);
    });

    it("lets work that a transaction set off begin one of its own when that has ended", async () => {
      let later: Promise<void> | undefined;
      const ended = new Promise<void>((resolve) => store.events.subscribe(() => resolve()));
      await store.transaction(async (tx) => {
        later = ended.then(() => store.transaction((own) => own.algorithms.put(algorithm("later"))));
        await tx.algorithms.put(algorithm("iris"));
      });
      await later;
      expect(await store.algorithms.list()).toHaveLength(2);
    });

    describe("runs", () => {
      it("are found at once, written or not, and keep the last 200 lines", async () => {
        store.runs.start(begun(1));
        for (let n = 0; n < 250; n++) store.runs.log(runId(1), { at: "2026-01-31T00:00:00.000Z", level: "info", text: `${n}` });
        store.runs.metric(runId(1), { name: "loss", value: 0.5, step: 1 });
        expect(await store.runs.find(runId(1))).toMatchObject({ state: "running", metrics: [{ name: "loss" }] });
        const held = (await store.runs.find(runId(1)))!;
        expect(held.log.map(({ text }) => text)).toEqual(Array.from({ length: 200 }, (_, n) => `${n + 50}`));
        await store.runs.flush();
        expect(await store.runs.find(runId(1))).toEqual(held);
        store.runs.finish(runId(1), { ...succeeded, version: versionId(7) });
        const done = await store.runs.find(runId(1));
        await store.runs.flush();
        expect(await store.runs.find(runId(1))).toEqual(done);
        expect(done).toMatchObject({ state: "succeeded", version: versionId(7), finishedAt: expect.any(String) });
        expect((await told()).map(({ kind }) => kind)).toEqual(["run.started", "run.finished"]);
      });

      it("end once, whoever is first", async () => {
        store.runs.start(begun(1));
        store.runs.finish(runId(1), { ...succeeded, state: "cancelled" });
        store.runs.finish(runId(1), succeeded);
        await store.transaction((tx) => tx.runs.finish(runId(1), succeeded));
        await store.runs.flush();
        await store.transaction((tx) => tx.runs.finish(runId(1), succeeded));
        expect(await store.runs.find(runId(1))).toMatchObject({ state: "cancelled" });
        expect((await told()).map(({ kind }) => kind)).toEqual(["run.started", "run.finished"]);
      });

      it("end in a transaction with what they made, or not at all", async () => {
        store.runs.start(begun(1));
        const stage = (fails: boolean) =>
          store.transaction(async (tx) => {
            await tx.datasets.add(dataset("a"), () => "d");
            await tx.runs.finish(runId(1), succeeded);
            if (fails) throw new Error("disk full");
          });
        await expect(stage(true)).rejects.toThrow("disk full");
        expect(await store.runs.find(runId(1))).toMatchObject({ state: "running" });
        await stage(false);
        await store.runs.flush();
        expect(await store.runs.find(runId(1))).toMatchObject({ state: "succeeded" });
        expect((await told()).map(({ kind }) => kind)).toEqual(["dataset.staged", "run.started", "run.finished"]);
        await expect(store.transaction((tx) => tx.runs.finish(runId(2), succeeded))).rejects.toMatchObject({ code: "NOT_FOUND" });
      });

      it("are written by themselves", async () => {
        const finished = new Promise((resolve) => store.events.subscribe((event) => event.kind === "run.finished" && resolve(event)));
        store.runs.start(begun(1));
        store.runs.finish(runId(1), succeeded);
        expect(await finished).toMatchObject({ subject: runId(1), data: { state: "succeeded" } });
      });

      it("are listed newest first by algorithm, state and page, written or not", async () => {
        for (const n of [1, 2, 3, 4]) store.runs.start(begun(n, n === 2 ? { algorithm: "rose" } : {}));
        await store.runs.flush();
        store.runs.finish(runId(3), succeeded);
        store.runs.start(begun(5, { algorithm: null }));
        const ids = async (filter: object) => (await store.runs.list({ limit: 10, ...filter })).map(({ id }) => Number(id.slice(4)));
        for (const when of ["before", "after"]) {
          expect(await ids({}), when).toEqual([5, 4, 3, 2, 1]);
          expect(await ids({ limit: 2 }), when).toEqual([5, 4]);
          expect(await ids({ before: runId(4), limit: 2 }), when).toEqual([3, 2]);
          expect(await ids({ algorithm: "IRIS" }), when).toEqual([4, 3, 1]);
          expect(await ids({ state: "running" }), when).toEqual([5, 4, 2, 1]);
          expect(await ids({ state: "succeeded", algorithm: "iris" }), when).toEqual([3]);
          await store.runs.flush();
        }
      });

      it("survive closing; those under way are interrupted at the next opening, once", async () => {
        store.runs.start(begun(1));
        store.runs.start(begun(2));
        store.runs.finish(runId(2), succeeded);
        await store[Symbol.asyncDispose]();
        for (const _ of [1, 2]) {
          store = await open();
          expect(await store.runs.find(runId(1))).toMatchObject({ state: "interrupted", error: { code: "INTERRUPTED" } });
          expect(await store.runs.find(runId(2))).toMatchObject({ state: "succeeded" });
          expect((await told()).filter(({ kind }) => kind === "run.finished")).toHaveLength(2);
          await store[Symbol.asyncDispose]();
        }
        store = await open();
      });

      it("are kept and tried again when the database refuses them, and the log says so", async () => {
        await store[Symbol.asyncDispose]();
        const errors: string[] = [];
        let noticed = () => {};
        const complaint = new Promise<void>((resolve) => {
          noticed = resolve;
        });
        const error = (_: object, message: string) => {
          errors.push(message);
          noticed();
        };
        store = await open({ log: { ...quietLog, error } });
        const repair = await engine.breakWrites();
        const finished = new Promise<void>((resolve) => store.events.subscribe(({ kind }) => kind === "run.finished" && resolve()));
        store.runs.start(begun(1));
        store.runs.finish(runId(1), succeeded);
        await complaint;
        await expect(store.runs.flush()).rejects.toThrow();
        expect(await store.runs.find(runId(1))).toMatchObject({ state: "succeeded" });
        await repair();
        await finished;
        expect(errors).toContain("the records of runs could not be written; it is tried again");
        expect((await told()).map(({ kind }) => kind)).toEqual(["run.started", "run.finished"]);
      });

      it("beyond the number kept go while others are written", async () => {
        await store[Symbol.asyncDispose]();
        store = await open({ keepRuns: 10 });
        for (let n = 1; n <= 1200; n++) {
          store.runs.start(begun(n));
          store.runs.finish(runId(n), succeeded);
        }
        await store[Symbol.asyncDispose]();
        store = await open();
        const kept = await store.runs.list({ limit: 500 });
        expect(kept.length).toBeLessThan(500);
        expect(kept[0]).toMatchObject({ id: runId(1200) });
      });

      it("beyond the number kept go, oldest first, with their events and no others", async () => {
        store.runs.start(begun(1));
        for (let n = 2; n <= 1200; n++) {
          store.runs.start(begun(n));
          store.runs.finish(runId(n), succeeded);
        }
        await store.runs.flush();
        await store.transaction((tx) => tx.algorithms.put(algorithm("iris")));
        const last = await store.events.last();
        await store[Symbol.asyncDispose]();
        store = await open({ keepRuns: 10 });
        const kept = await store.runs.list({ limit: 500 });
        expect(kept.map(({ id }) => id)).toEqual(Array.from({ length: 10 }, (_, n) => runId(1200 - n)));
        const events = await told();
        expect(events.filter(({ kind }) => kind === "algorithm.changed")).toHaveLength(1);
        expect(events.filter(({ kind }) => kind === "run.started")).toHaveLength(10);
        expect(await store.events.last()).toBe(last + 1);
      });
    });
  });
}
