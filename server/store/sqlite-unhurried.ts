import { closeSync, fdatasync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import type { Dialect, Kysely } from "kysely";
import type { Database, Unhurried } from "./database.ts";
import { SqliteApart } from "./sqlite-apart.ts";

const datasync = promisify(fdatasync);

/** So long after the last transaction of many rows the thread ends, in milliseconds: it takes memory. */
const IDLE_MS = 10_000;

type KyselyOn = (connection: DatabaseSync | Dialect) => Kysely<Database>;

/**
 * Few rows are written by the thread that calls: with NORMAL a commit ends in the log and waits for nothing; once the log is synced it is
 * what FULL would have made. Many rows that go on coming are written by a thread of their own, which waits for the disk by itself,
 * also when the log is copied into the database (sqlite.org/wal.html, Performance Considerations), which takes some 20 ms each time.
 */
export class UnhurriedSqlite implements Unhurried {
  readonly #file: string;
  readonly #busyMs: number;
  readonly #kyselyOn: KyselyOn;
  #here: { readonly database: DatabaseSync; readonly kysely: Kysely<Database> } | undefined;
  #apart: { readonly thread: SqliteApart; readonly kysely: Kysely<Database> } | undefined;
  #isApart = false;
  #isBroken = false;
  #idle: NodeJS.Timeout | undefined;
  #log: number | undefined;

  /** @param busyMs how long a statement waits for another process that writes to the file */
  constructor(file: string, busyMs: number, kyselyOn: KyselyOn) {
    this.#file = file;
    this.#busyMs = busyMs;
    this.#kyselyOn = kyselyOn;
  }

  get write(): Kysely<Database> {
    return ((this.#isApart && this.#apart) || this.#opened()).kysely;
  }

  ready(hasMany: boolean): void {
    this.#log ??= openSync(`${this.#file}-wal`, "r+"); // the same file until the last connection closes
    if (this.#apart?.thread.isEnded) {
      this.#apart = undefined;
      this.#isBroken = true; // what ended it would end the next one
    }
    this.#isApart = hasMany && !this.#isBroken;
    if (!this.#isApart) return;
    if (!this.#apart) {
      const thread = new SqliteApart(this.#file, this.#busyMs);
      this.#apart = { thread, kysely: this.#kyselyOn(thread.dialect) };
    }
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.#leave(), IDLE_MS).unref();
  }

  async synced(): Promise<void> {
    if (this.#log === undefined || this.#isApart) return;
    try {
      await datasync(this.#log);
    } catch (error) {
      // What the system could not write it may not try again: the engine copies all of the log into the database, and syncs that.
      if (this.#here?.database.prepare("pragma wal_checkpoint(full)").get()?.busy !== 0) throw error;
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    await this.#apart?.thread.close();
    if (this.#log !== undefined) closeSync(this.#log);
    this.#log = undefined;
    if (this.#here?.database.isOpen) this.#here.database.close();
  }

  #opened() {
    if (this.#here) return this.#here;
    const database = new DatabaseSync(this.#file, { timeout: this.#busyMs });
    database.exec("pragma synchronous = normal; pragma foreign_keys = on; pragma cache_size = -500");
    this.#here = { database, kysely: this.#kyselyOn(database) };
    return this.#here;
  }

  #leave(): void {
    if (this.#apart?.thread.isBusy) {
      this.#idle = setTimeout(() => this.#leave(), IDLE_MS).unref();
      return;
    }
    void this.#apart?.thread.close();
    this.#apart = undefined;
  }
}
