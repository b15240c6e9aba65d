import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { CamelCasePlugin, type Dialect, Kysely, SqliteAdapter, type SqliteDatabase, SqliteDialect } from "kysely";
import type { Connections, Database } from "./database.ts";
import { UnhurriedSqlite } from "./sqlite-unhurried.ts";

/** How long a statement waits for another process that writes to the file, in milliseconds. */
const BUSY_MS = 5000;

/**
 * The embedded engine: `file` is created with its folder when it is missing. Everything that is SQLite's alone stands
 * in this file and those named after it; another engine is another file that returns `Connections`.
 */
export function openSqlite(file: string, busyMs = BUSY_MS): Connections {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const write = new DatabaseSync(file, { timeout: busyMs });
  // FULL: with WAL, NORMAL may lose the last commits when the power fails, and they were answered as done.
  write.exec("pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on");
  const read = new DatabaseSync(file, { timeout: busyMs, readOnly: true });
  const unhurried = new UnhurriedSqlite(file, busyMs, kyselyOn);
  return {
    ...{ write: kyselyOn(write), read: kyselyOn(read), unhurried },
    async close() {
      await unhurried.close();
      for (const database of [read, write]) if (database.isOpen) database.close();
    },
  };
}

function kyselyOn(connection: DatabaseSync | Dialect): Kysely<Database> {
  const dialect = connection instanceof DatabaseSync ? new Sqlite({ database: shim(connection) }) : connection;
  return new Kysely<Database>({ dialect, plugins: [new CamelCasePlugin()] });
}

class Sqlite extends SqliteDialect {
  override createAdapter(): SqliteAdapter {
    return new TransactionalDdl();
  }
}

/** SQLite rolls back table changes as well: a migration that fails leaves the schema as it was. */
class TransactionalDdl extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

const KEPT_STATEMENTS = 500;

/** `node:sqlite` in the shape that Kysely's driver expects. */
function shim(database: DatabaseSync): SqliteDatabase {
  const prepared = new Map<string, ReturnType<SqliteDatabase["prepare"]>>();
  return {
    close: () => database.close(),
    prepare(sql) {
      // The same few statements come with every call, and preparing one takes longer than running it.
      let found = prepared.get(sql);
      if (!found) {
        found = prepare(sql);
        if (prepared.size >= KEPT_STATEMENTS) prepared.clear();
        prepared.set(sql, found);
      }
      return found;
    },
  };

  function prepare(sql: string): ReturnType<SqliteDatabase["prepare"]> {
    // A transaction that begins by reading could not become a writer once another process wrote: take the lock first.
    const statement = database.prepare(sql === "begin" ? "begin immediate" : sql);
    return {
      reader: statement.columns().length > 0,
      all: (parameters) => statement.all(...bound(parameters)),
      run: (parameters) => statement.run(...bound(parameters)),
      iterate: (parameters) => statement.iterate(...bound(parameters)),
    };
  }
}

function bound(parameters: readonly unknown[]): SQLInputValue[] {
  return parameters.map((value) => {
    if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "bigint") return value;
    throw new TypeError(`a ${typeof value} cannot be stored in a column`);
  });
}
