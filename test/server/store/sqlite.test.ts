import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { sql } from "kysely";
import { expect, it } from "vitest";
import type { Db } from "../../../server/store/database.ts";
import { openStore, type StoreEdges } from "../../../server/store/open.ts";
import { openSqlite } from "../../../server/store/sqlite.ts";
import { partsSuite } from "./parts-suite.ts";
import { removalSuite } from "./removal-suite.ts";
import { runsSuite } from "./runs-suite.ts";
import { algorithm, quietLog, steppingClock, storeSuite } from "./store-suite.ts";

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
  const synchronous = async (db: Db) => (await sql<{ synchronous: number }>`pragma synchronous`.execute(db)).rows[0]?.synchronous;
  const within = () => write.transaction().execute(synchronous);
  expect(await within()).toBe(2);
  expect(await unhurried?.(within)).toBe(1);
  await expect(unhurried?.(() => Promise.reject(new Error("refused")))).rejects.toThrow("refused");
  expect(await within()).toBe(2);
  await close();
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
