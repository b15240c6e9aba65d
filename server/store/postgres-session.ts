import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Log } from "#contract/edges.ts";
import { StoreAway } from "#contract/errors.ts";
import type { Session } from "./database.ts";
import { toStoreAway } from "./postgres-errors.ts";

/** The channel on which bridges tell each other to look: the payload says nothing. */
export const NOTICES = "compute_bridge";
/** The first of the two numbers of a lock that stands for a bridge. */
const BRIDGES = 1_650_616_932;
const QUERY_MS = 5000;
const RECONNECT_MS = 250;
/** A machine that lost its power says nothing: its session ends after eleven seconds without an answer. */
const keepAlive = "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3";

/** Session over a connection of its own: advisory locks are what it holds, NOTIFY is how it notices. */
export class PostgresSession implements Session {
  readonly #options: pg.ClientConfig;
  readonly #where: string;
  readonly #log: Log;
  readonly #listeners = new Set<() => void>();
  /** What this session is to hold, as Postgres names it. */
  readonly #wanted = new Set<string>();
  /** What the present connection does hold. */
  #held = new Set<string>();
  #client: pg.Client | undefined;
  #isClosed = false;

  constructor(options: pg.ClientConfig, where: string, log: Log) {
    this.#options = { ...options, query_timeout: QUERY_MS, options: keepAlive };
    this.#where = where;
    this.#log = log;
  }

  async join(bridge: number): Promise<void> {
    this.#wanted.add(`${BRIDGES}, ${bridge}`);
    await this.#connect();
  }

  async living(): Promise<Set<number>> {
    await this.#holdAll();
    const rows = await this.#ask<{ bridge: number }>(
      "select objid::int as bridge from pg_locks where locktype = 'advisory' and granted and classid = $1 and objsubid = 2 and " +
        "database = (select oid from pg_database where datname = current_database())",
      [BRIDGES],
    );
    return new Set(rows.map(({ bridge }) => bridge));
  }

  async take(name: string): Promise<boolean> {
    const isTaken = await this.#hold(keyOf(name));
    if (isTaken) this.#wanted.add(keyOf(name));
    return isTaken;
  }

  async give(name: string): Promise<void> {
    const key = keyOf(name);
    this.#wanted.delete(key);
    await this.#release(key).catch(() => {});
  }

  async holder(name: string): Promise<string | undefined> {
    const [row] = await this.#ask<{ holder: string }>(
      "select application_name as holder from pg_locks join pg_stat_activity using (pid) where locktype = 'advisory' and granted " +
        "and objsubid = 1 and (classid::bigint << 32) | objid::bigint = $1 and " +
        "database = (select oid from pg_database where datname = current_database())",
      [keyOf(name)],
    );
    return row?.holder;
  }

  onNotice(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#client?.end().catch(() => {});
  }

  async #connect(): Promise<void> {
    const client = new pg.Client(this.#options);
    // Told by "end" as well, and without a listener it would end the process.
    client.on("error", () => {});
    try {
      await client.connect();
      await client.query(`listen ${NOTICES}`);
      this.#client = client;
      this.#held = new Set();
      await this.#holdAll();
    } catch (error) {
      this.#client = undefined;
      await client.end().catch(() => {});
      throw toStoreAway(error, this.#where, "connecting");
    }
    client.on("notification", () => this.#notice());
    client.once("end", () => void this.#lost());
  }

  /** What a lost session of ours still holds is free when the server has noticed the loss: until then it is asked for again. */
  async #holdAll(): Promise<void> {
    for (const key of [...this.#wanted]) {
      await this.#hold(key);
      if (!this.#wanted.has(key)) await this.#release(key); // given back meanwhile
    }
  }

  async #hold(key: string): Promise<boolean> {
    if (this.#held.has(key)) return true;
    const held = this.#held;
    const [row] = await this.#ask<{ taken: boolean }>(`select pg_try_advisory_lock(${key}) as taken`, []);
    if (row?.taken) held.add(key);
    return row?.taken ?? false;
  }

  async #release(key: string): Promise<void> {
    if (this.#held.delete(key)) await this.#ask(`select pg_advisory_unlock(${key}), pg_notify($1, '')`, [NOTICES]);
  }

  async #lost(): Promise<void> {
    this.#client = undefined;
    if (this.#isClosed) return;
    this.#log.warn({ store: this.#where }, "the connection to the store was lost");
    while (!this.#isClosed) {
      try {
        await this.#connect();
        this.#log.info({ store: this.#where }, "the store answers again");
        this.#notice();
        return;
      } catch {
        await sleep(RECONNECT_MS, undefined, { ref: false });
      }
    }
  }

  #notice(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  async #ask<R extends pg.QueryResultRow>(statement: string, values: unknown[]): Promise<R[]> {
    const client = this.#client;
    if (!client) throw new StoreAway(this.#where, "the connection is lost");
    try {
      return (await client.query<R>(statement, values)).rows;
    } catch (error) {
      // Nothing here can be wrong but the connection. Its end brings a new one.
      void client.end().catch(() => {});
      throw toStoreAway(error, this.#where, "connecting");
    }
  }
}

/** Sixty-four bits of a name, as Postgres wants them. */
function keyOf(name: string): string {
  return createHash("sha256").update(name).digest().readBigInt64BE().toString();
}
