import { describe, expect, it } from "vitest";
import type { StoreEdges } from "../../../server/store/open.ts";
import { algorithm, begun, dataset, type Engine, eachWithStore, quietLog, runId, steppingClock, versionId } from "./store-suite.ts";

const succeeded = { state: "succeeded", receipt: null, error: null } as const;

/** What every engine of the store must do for records of runs. */
export function runsSuite(name: string, newEngine: () => Promise<Engine>) {
  describe(`the store on ${name}`, () => {
    const on = eachWithStore(newEngine);
    const open = (edges: Partial<StoreEdges> = {}) => on.engine.open({ clock: steppingClock(), log: quietLog, ...edges });
    const told = () => on.store.events.after(0);

    describe("runs", () => {
      it("are found at once, written or not, and keep the last 200 lines", async () => {
        on.store.runs.start(begun(1));
        for (let n = 0; n < 250; n++) on.store.runs.log(runId(1), { at: "2026-01-31T00:00:00.000Z", level: "info", text: `${n}` });
        on.store.runs.metric(runId(1), { name: "loss", value: 0.5, step: 1 });
        expect(await on.store.runs.find(runId(1))).toMatchObject({ state: "running", metrics: [{ name: "loss" }] });
        const held = (await on.store.runs.find(runId(1)))!;
        expect(held.log.map(({ text }) => text)).toEqual(Array.from({ length: 200 }, (_, n) => `${n + 50}`));
        await on.store.runs.flush();
        expect(await on.store.runs.find(runId(1))).toEqual(held);
        on.store.runs.finish(runId(1), { ...succeeded, version: versionId(7) });
        const done = await on.store.runs.find(runId(1));
        await on.store.runs.flush();
        expect(await on.store.runs.find(runId(1))).toEqual(done);
        expect(done).toMatchObject({ state: "succeeded", version: versionId(7), finishedAt: expect.any(String) });
        expect((await told()).map(({ kind }) => kind)).toEqual(["run.started", "run.finished"]);
      });

      it.each([1, 7, 31, 32, 33, 75, 400])("are written in the order of their starts, %s at once", async (count) => {
        const numbers = Array.from({ length: count }, (_, n) => n + 1);
        for (const n of numbers) on.store.runs.start(begun(n, { model: `m${n}` }));
        for (const n of numbers) on.store.runs.finish(runId(n), { ...succeeded, version: versionId(n) });
        await on.store.runs.flush();
        const listed = await on.store.runs.list({ limit: 1000 });
        const written = listed.map(({ id, model, version, state }) => ({ id, model, version, state }));
        expect(written.reverse()).toEqual(
          numbers.map((n) => ({ id: runId(n), model: `m${n}`, version: versionId(n), state: "succeeded" })),
        );
        const events = await on.store.events.after(0, 1000);
        expect(events.map(({ number }) => number)).toEqual(Array.from({ length: 2 * count }, (_, n) => n + 1));
        expect(events.map(({ subject }) => subject)).toEqual(numbers.flatMap((n) => [runId(n), runId(n)]));
      });

      it("end once, whoever is first", async () => {
        on.store.runs.start(begun(1));
        on.store.runs.finish(runId(1), { ...succeeded, state: "cancelled" });
        on.store.runs.finish(runId(1), succeeded);
        await on.store.transaction((tx) => tx.runs.finish(runId(1), succeeded));
        await on.store.runs.flush();
        await on.store.transaction((tx) => tx.runs.finish(runId(1), succeeded));
        expect(await on.store.runs.find(runId(1))).toMatchObject({ state: "cancelled" });
        expect((await told()).map(({ kind }) => kind)).toEqual(["run.started", "run.finished"]);
      });

      it("end in a transaction with what they made, or not at all", async () => {
        on.store.runs.start(begun(1));
        const stage = (fails: boolean) =>
          on.store.transaction(async (tx) => {
            await tx.datasets.add(dataset("a"), () => "d");
            await tx.runs.finish(runId(1), succeeded);
            if (fails) throw new Error("disk full");
          });
        await expect(stage(true)).rejects.toThrow("disk full");
        expect(await on.store.runs.find(runId(1))).toMatchObject({ state: "running" });
        await stage(false);
        await on.store.runs.flush();
        expect(await on.store.runs.find(runId(1))).toMatchObject({ state: "succeeded" });
        expect((await told()).map(({ kind }) => kind)).toEqual(["dataset.staged", "run.started", "run.finished"]);
        await expect(on.store.transaction((tx) => tx.runs.finish(runId(2), succeeded))).rejects.toMatchObject({ code: "NOT_FOUND" });
      });

      it("are written by themselves", async () => {
        const finished = new Promise((resolve) => on.store.events.subscribe((event) => event.kind === "run.finished" && resolve(event)));
        on.store.runs.start(begun(1));
        on.store.runs.finish(runId(1), succeeded);
        expect(await finished).toMatchObject({ subject: runId(1), data: { state: "succeeded" } });
      });

      it("are listed newest first by algorithm, state and page, written or not", async () => {
        for (const n of [1, 2, 3, 4]) on.store.runs.start(begun(n, n === 2 ? { algorithm: "rose" } : {}));
        await on.store.runs.flush();
        on.store.runs.finish(runId(3), succeeded);
        on.store.runs.start(begun(5, { algorithm: null }));
        const ids = async (filter: object) => (await on.store.runs.list({ limit: 10, ...filter })).map(({ id }) => Number(id.slice(4)));
        for (const when of ["before", "after"]) {
          expect(await ids({}), when).toEqual([5, 4, 3, 2, 1]);
          expect(await ids({ limit: 2 }), when).toEqual([5, 4]);
          expect(await ids({ before: runId(4), limit: 2 }), when).toEqual([3, 2]);
          expect(await ids({ algorithm: "IRIS" }), when).toEqual([4, 3, 1]);
          expect(await ids({ state: "running" }), when).toEqual([5, 4, 2, 1]);
          expect(await ids({ state: "succeeded", algorithm: "iris" }), when).toEqual([3]);
          await on.store.runs.flush();
        }
      });

      it("survive closing; those under way are interrupted at the next opening, once", async () => {
        on.store.runs.start(begun(1));
        on.store.runs.start(begun(2));
        on.store.runs.finish(runId(2), succeeded);
        await on.store[Symbol.asyncDispose]();
        for (const _ of [1, 2]) {
          on.store = await open();
          expect(await on.store.runs.find(runId(1))).toMatchObject({ state: "interrupted", error: { code: "INTERRUPTED" } });
          expect(await on.store.runs.find(runId(2))).toMatchObject({ state: "succeeded" });
          expect((await told()).filter(({ kind }) => kind === "run.finished")).toHaveLength(2);
          await on.store[Symbol.asyncDispose]();
        }
        on.store = await open();
      });

      it("are kept and tried again when the database refuses them, and the log says so", async () => {
        await on.store[Symbol.asyncDispose]();
        const errors: string[] = [];
        let noticed = () => {};
        const complaint = new Promise<void>((resolve) => {
          noticed = resolve;
        });
        const error = (_: object, message: string) => {
          errors.push(message);
          noticed();
        };
        on.store = await open({ log: { ...quietLog, error } });
        const repair = await on.engine.breakWrites();
        const finished = new Promise<void>((resolve) => on.store.events.subscribe(({ kind }) => kind === "run.finished" && resolve()));
        on.store.runs.start(begun(1));
        on.store.runs.finish(runId(1), succeeded);
        await complaint;
        await expect(on.store.runs.flush()).rejects.toThrow();
        expect(await on.store.runs.find(runId(1))).toMatchObject({ state: "succeeded" });
        await repair();
        await finished;
        expect(errors).toContain("the records of runs could not be written; it is tried again");
        expect((await told()).map(({ kind }) => kind)).toEqual(["run.started", "run.finished"]);
      });

      it("beyond the number kept go while others are written", async () => {
        await on.store[Symbol.asyncDispose]();
        on.store = await open({ keepRuns: 10 });
        for (let n = 1; n <= 1200; n++) {
          on.store.runs.start(begun(n));
          on.store.runs.finish(runId(n), succeeded);
        }
        await on.store[Symbol.asyncDispose]();
        on.store = await open();
        const kept = await on.store.runs.list({ limit: 500 });
        expect(kept.length).toBeLessThan(500);
        expect(kept[0]).toMatchObject({ id: runId(1200) });
      });

      it("beyond the number kept go, oldest first, with their events and no others", async () => {
        on.store.runs.start(begun(1));
        for (let n = 2; n <= 1200; n++) {
          on.store.runs.start(begun(n));
          on.store.runs.finish(runId(n), succeeded);
        }
        await on.store.runs.flush();
        await on.store.transaction((tx) => tx.algorithms.put(algorithm("iris")));
        const last = await on.store.events.last();
        await on.store[Symbol.asyncDispose]();
        on.store = await open({ keepRuns: 10 });
        const kept = await on.store.runs.list({ limit: 500 });
        expect(kept.map(({ id }) => id)).toEqual(Array.from({ length: 10 }, (_, n) => runId(1200 - n)));
        const events = await told();
        expect(events.filter(({ kind }) => kind === "algorithm.changed")).toHaveLength(1);
        expect(events.filter(({ kind }) => kind === "run.started")).toHaveLength(10);
        expect(await on.store.events.last()).toBe(last + 1);
      });
    });
  });
}
