import { mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Connections, Tx } from "../../../server/store/database.ts";
import { storeOn } from "../../../server/store/open.ts";
import { openSqlite } from "../../../server/store/sqlite.ts";
import { begun, quietLog, runId, steppingClock } from "./store-suite.ts";

let folder: string;
let file: string;
let connections: Connections;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "apart-"));
  file = join(folder, "store.db");
  connections = openSqlite(file);
  await sql`create table counters (name text primary key, value integer not null)`.execute(connections.write);
});
afterEach(async () => {
  await connections.close();
  await rm(folder, { recursive: true });
});

const add = (tx: Tx, name: string, value = 1) => tx.insertInto("counters").values({ name, value }).execute();
async function many<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
  const { unhurried } = connections;
  unhurried?.ready(true);
  const result = await unhurried?.write.transaction().execute(work);
  await unhurried?.synced();
  return result as T;
}
function names(): string[] {
  using other = new DatabaseSync(file, { readOnly: true });
  return other
    .prepare("select name from counters order by name")
    .all()
    .map(({ name }) => String(name));
}

describe("the thread that writes many rows", () => {
  it("has written what a transaction did when that ends, and gives rows where there are some", async () => {
    const values = await many(async (tx) => {
      await add(tx, "a", 3);
      const told = await tx.insertInto("counters").values({ name: "b", value: 4 }).returning("value").execute();
      expect(names()).toEqual([]);
      return [...told, ...(await tx.selectFrom("counters").select("value").orderBy("name").execute())];
    });
    expect(values).toEqual([{ value: 4 }, { value: 3 }, { value: 4 }]);
    expect(names()).toEqual(["a", "b"]);
  });

  it("keeps nothing of a transaction of which a statement fails, whatever follows it, and the next one works", async () => {
    const failing = many(async (tx) => {
      await add(tx, "kept");
      await add(tx, "kept");
      await add(tx, "later");
    });
    await expect(failing).rejects.toThrow("UNIQUE constraint failed");
    expect(names()).toEqual([]);
    await expect(
      many(async (tx) => {
        await add(tx, "thrown");
        throw new Error("of the work itself");
      }),
    ).rejects.toThrow("of the work itself");
    await many((tx) => add(tx, "next"));
    expect(names()).toEqual(["next"]);
  });

  it("writes nothing outside of a transaction where that cannot begin", async () => {
    await connections.close();
    connections = openSqlite(file, 1);
    using other = new DatabaseSync(file);
    other.exec("begin immediate");
    await expect(many((tx) => add(tx, "early"))).rejects.toThrow("locked");
    other.exec("rollback");
    expect(names()).toEqual([]);
    await many((tx) => add(tx, "late"));
    expect(names()).toEqual(["late"]);
  });

  it("waits for the disk at each commit, and leaves few rows to who calls", async () => {
    const { unhurried } = connections;
    const synchronous = async () => (await sql`pragma synchronous`.execute(unhurried?.write ?? connections.read)).rows;
    unhurried?.ready(true);
    expect(await synchronous()).toEqual([{ synchronous: 2 }]);
    unhurried?.ready(false);
    expect(await synchronous()).toEqual([{ synchronous: 1 }]);
  });

  it("is not used again when it ended by itself", async () => {
    const { unhurried } = connections;
    unhurried?.ready(false);
    await unhurried?.write.transaction().execute((tx) => add(tx, "before"));
    await rename(folder, `${folder}-moved`); // the thread does not find the file
    await expect(many((tx) => add(tx, "lost"))).rejects.toThrow("unable to open database file");
    await many((tx) => add(tx, "after"));
    await rename(`${folder}-moved`, folder);
    expect(names()).toEqual(["after", "before"]);
  });
});

it("a store writes many runs aside while many calls go on, and all others by itself", async () => {
  await connections.close();
  await rm(file);
  const edges = { clock: steppingClock(), log: quietLog };
  const aside: boolean[] = [];
  const write = async (from: number, to: number, running: number) => {
    const { unhurried, ...opened } = openSqlite(file);
    if (!unhurried) throw new Error("SQLite writes nothing aside");
    const ready = unhurried.ready.bind(unhurried);
    unhurried.ready = (hasMany) => {
      aside.push(hasMany);
      ready(hasMany);
    };
    await using store = await storeOn({ ...opened, unhurried }, edges);
    for (let n = from; n < to; n++) {
      store.runs.start(begun(n));
      if (n < to - running) store.runs.finish(runId(n), { state: "failed", receipt: null, error: null });
    }
    await store.runs.flush();
    for (let n = to - running; n < to; n++) store.runs.finish(runId(n), { state: "failed", receipt: null, error: null });
  };
  await write(0, 4000, 8);
  expect(aside.filter((hasMany) => hasMany).length).toBeGreaterThan(0);
  aside.length = 0;
  await write(4000, 4010, 10);
  await write(4010, 5000, 7);
  expect(new Set(aside)).toEqual(new Set([false]));
  using other = new DatabaseSync(file, { readOnly: true });
  expect(other.prepare("select count(*) as count from runs").get()).toEqual({ count: 5000 });
  expect(other.prepare("select count(*) as count, max(number) as last from events").get()).toEqual({ count: 10_000, last: 10_000 });
  connections = openSqlite(file);
});
