import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setImmediate as turn } from "node:timers/promises";
import { sql } from "kysely";
import { expect, it } from "vitest";
import type { Db } from "../../../server/store/database.ts";
import { openStore, type StoreEdges } from "../../../server/store/open.ts";
import { openSqlite } from "../../../server/store/sqlite.ts";
import { partsSuite } from "./parts-suite.ts";
import { removalSuite } from "./removal-suite.ts";
import { runsSuite } from "./runs-suite.ts";
import { algorithm, begun, quietLog, runId, steppingClock, storeSuite } from "./store-suite.ts";

async function newEngine() {
  const folder = await mkdtemp(join(tmpdir(), "store-"));
  const file = join(folder, "bridge", "store.db");
  return {
    file,
    open: (edges: StoreEdges) => openStore({ file, ...edges }),
    async breakWrites() {
      const other = new DatabaseSync(file);
      other.exec("alter table events rename to hidden");
      return async () => {
        other.exec("alter table hidden rename to events");
        other.close();
      };
    },
    remove: () => rm(folder, { recursive: true }),
  };
}

storeSuite("SQLite", newEngine);
removalSuite("SQLite", newEngine);
runsSuite("SQLite", newEngine);
partsSuite("SQLite", newEngine);

it("is durable before it answers: another process sees what was committed", async () => {
  const engine = await newEngine();
  {
    await using store = await engine.open({ clock: steppingClock(), log: quietLog });
    await store.transaction((tx) => tx.algorithms.put(algorithm("iris")));
    const other = new DatabaseSync(engine.file, { readOnly: true });
    expect(other.prepare("select name from algorithms").all()).toMatchObject([{ name: "iris" }]);
    other.close();
  }
  await engine.remove();
});

it("waits for the disk in each transaction but those that are unhurried", async () => {
  const engine = await newEngine();
  const { write, unhurried, close } = openSqlite(engine.file);
  const synchronous = async (db: Db | undefined) =>
    (db && (await sql<{ synchronous: number }>`pragma synchronous`.execute(db)))?.rows[0]?.synchronous;
  expect([await synchronous(write), await synchronous(unhurried?.write)]).toEqual([2, 1]);
  unhurried?.ready(false);
  await unhurried?.synced();
  await close();
  await engine.remove();
});

it("writes records of runs as fast as a flood of calls makes them", async () => {
  const engine = await newEngine();
  const errors: unknown[] = [];
  {
    await using store = await engine.open({ clock: steppingClock(), log: { ...quietLog, error: (...told) => errors.push(told) } });
    for (let at = 0; at < 600; at++) {
      for (let n = 32 * at; n < 32 * (at + 1); n++) {
        store.runs.start(begun(n));
        store.runs.finish(runId(n), { state: "failed", receipt: null, error: null });
      }
      for (const end = performance.now() + 3; performance.now() < end; ); // what else the calls of a turn take
      await turn();
    }
    await store.runs.flush();
  }
  expect(errors).toEqual([]);
  const other = new DatabaseSync(engine.file, { readOnly: true });
  expect(other.prepare("select count(*) as count from runs").get()).toEqual({ count: 600 * 32 });
  other.close();
  await engine.remove();
});

it("refuses a value in a JSON column that is not what the contract says", async () => {
  const engine = await newEngine();
  {
    await using store = await engine.open({ clock: steppingClock(), log: quietLog });
    await store.transaction((tx) => tx.algorithms.put(algorithm("iris")));
    const other = new DatabaseSync(engine.file);
    other.exec(`update algorithms set problems = '[{"severity":"fatal"}]'`);
    other.close();
    await expect(store.algorithms.find("iris")).rejects.toThrow("severity");
  }
  await engine.remove();
});
