import { describe, expect, it } from "vitest";
import { begun, type Engine, eachWithStore, quietLog, runId, steppingClock, versionId } from "./store-suite.ts";

const succeeded = { state: "succeeded", receipt: null, error: null } as const;

/** What every engine of the store must do for runs whose rows come in parts. */
export function partsSuite(name: string, newEngine: () => Promise<Engine>) {
  describe(`runs in parts in the store on ${name}`, () => {
    const on = eachWithStore(newEngine);
    const told = () => on.store.events.after(0);
    const call = {
      method: "apply",
      algorithm: "iris",
      model: "default",
      modelVersion: null,
      environment: null,
      param: "{}",
      fields: null,
    } as const;
    const whole = {
      ...call,
      strict: false,
      input: "csv",
      output: "csv",
      caller: "me",
      append: null,
      timeout: null,
      search: null,
      part: null,
      rowsSent: null,
    } as const;
    const outcome = (text: string) => ({
      receipt: null,
      error: null,
      log: [{ at: "2026-01-31T00:00:00.000Z", level: "info" as const, text }],
      metrics: [],
    });
    const open = () => on.store.transaction((tx) => tx.parts.open(begun(1, { version: versionId(1) }), whole, 3, ["old"]));

    it("stay open until they are closed, over a restart too, and keep the last outcome of each part", async () => {
      await open();
      for (const [part, text] of [
        [2, "a"],
        [1, "b"],
        [2, "c"],
      ] as const)
        await on.store.transaction((tx) => tx.parts.keep(runId(1), part, outcome(text)));
      await on.store[Symbol.asyncDispose]();
      on.store = await on.engine.open({ clock: steppingClock(), log: quietLog });
      expect(await on.store.runs.find(runId(1))).toMatchObject({ state: "running", version: versionId(1) });
      expect(await on.store.parts.find(runId(1))).toMatchObject({ call: whole, modelVersion: 3, notes: ["old"], run: { id: runId(1) } });
      expect(await on.store.parts.outcomes(runId(1))).toEqual([
        { part: 1, outcome: outcome("b") },
        { part: 2, outcome: outcome("c") },
      ]);
      expect(await on.store.parts.using("IRIS")).toMatchObject([{ modelVersion: 3, run: { id: runId(1) } }]);
      await on.store.transaction((tx) => tx.parts.close(runId(1), { ...succeeded, log: outcome("d").log, metrics: [] }));
      expect(await on.store.runs.find(runId(1))).toMatchObject({ state: "succeeded", log: [{ text: "d" }] });
      expect([await on.store.parts.find(runId(1)), await on.store.parts.outcomes(runId(1)), await on.store.parts.using("iris")]).toEqual([
        undefined,
        [],
        [],
      ]);
      expect((await told()).map(({ kind }) => kind)).toEqual(["run.started", "run.finished"]);
    });

    it("take no part and end no second time once they are closed", async () => {
      await open();
      const close = () => on.store.transaction((tx) => tx.parts.close(runId(1), { ...succeeded, log: [], metrics: [] }));
      await close();
      await expect(close()).rejects.toMatchObject({ code: "NOT_FOUND" });
      await expect(on.store.transaction((tx) => tx.parts.keep(runId(1), 1, outcome("a")))).rejects.toMatchObject({ code: "NOT_FOUND" });
    });

    it("are idle when nothing came since a time", async () => {
      await open();
      const { seenAt } = (await on.store.parts.find(runId(1)))!;
      expect(await on.store.parts.idle(seenAt)).toEqual([]);
      const later = new Date(Date.parse(seenAt) + 1).toISOString();
      expect(await on.store.parts.idle(later)).toEqual([runId(1)]);
      await on.store.transaction((tx) => tx.parts.keep(runId(1), 1, outcome("a")));
      expect(await on.store.parts.idle(later)).toEqual([]);
    });

    it("are found by their search", async () => {
      const search = { id: "s1", app: null, isScheduled: true };
      on.store.runs.start(begun(1, { search }));
      on.store.runs.start(begun(2));
      for (const look of [() => {}, () => on.store.runs.flush()]) {
        await look();
        expect((await on.store.runs.list({ search: "s1", limit: 9 })).map(({ id, search: of }) => [id, of])).toEqual([[runId(1), search]]);
      }
    });
  });
}
