import { hostname } from "node:os";
import { CamelCasePlugin, Kysely, sql } from "kysely";
import pg from "pg";
import type { Log } from "#contract/edges.ts";
import type { Connections, Database } from "./database.ts";
import { Postgres } from "./postgres-dialect.ts";
import { NOTICES, PostgresSession } from "./postgres-session.ts";

/** Searches read at once through so many connections; writing is done one transaction after the other. */
const READING_CONNECTIONS = 8;
const CONNECT_MS = 5000;
const STATEMENT_MS = 30_000;
/** A bridge that stopped in the midst of a transaction (a machine put to sleep) holds the others up for no longer than this. */
const IDLE_TRANSACTION_MS = 15_000;
const ENTER = 5_262_870_411;
const INT8 = 20;

/**
 * A Postgres database that bridges may share. Nothing is connected yet when this returns.
 *
 * Everything that is Postgres's alone stands in the files that are named after it.
 *
 * @param url `postgres://user:password@host:port/database`
 */
export function openPostgres(url: string, log: Log): Connections {
  const where = placeOf(url);
  const options: pg.PoolConfig = {
    connectionString: url,
    application_name: `compute-bridge ${hostname()}, process ${process.pid}`,
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: STATEMENT_MS,
    idle_in_transaction_session_timeout: IDLE_TRANSACTION_MS,
    keepAlive: true,
    // Numbers of events and bytes stay far below 2^53.
    types: { getTypeParser: (type, format) => (type === INT8 ? Number : pg.types.getTypeParser(type, format)) },
  };
  const pools = [new pg.Pool({ ...options, max: 1 }), new pg.Pool({ ...options, max: READING_CONNECTIONS })] as const;
  // Lost connections are told by the statements that needed them, and by the session; unheard, their errors would end the process.
  for (const pool of pools) pool.on("error", () => {}).on("connect", (client) => void client.on("error", () => {}));
  const session = new PostgresSession(options, where, log);
  return {
    write: kyselyOn(pools[0], where),
    read: kyselyOn(pools[1], where),
    shared: {
      async enter(tx) {
        await sql`select pg_advisory_xact_lock(${ENTER})`.execute(tx);
      },
      async announce(tx) {
        await sql`select pg_notify(${NOTICES}, '')`.execute(tx);
      },
      session,
    },
    async close() {
      await session.close();
      await Promise.all([...pools].map((pool) => pool.end()));
    },
  };
}

/** The database as people know it, without its password. */
function placeOf(url: string): string {
  const { hostname: host, port, pathname } = new URL(url);
  return `${host || "localhost"}:${port || 5432}${pathname}`;
}

function kyselyOn(pool: pg.Pool, where: string): Kysely<Database> {
  return new Kysely<Database>({ dialect: new Postgres(pool, where), plugins: [new CamelCasePlugin()] });
}
