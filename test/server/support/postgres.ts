import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { chown, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";

const run = promisify(execFile);
/** Debian keeps each release's programs in a folder that is not on the PATH. */
const debian = "/usr/lib/postgresql";

/** The folder of initdb and pg_ctl; undefined: Postgres is not installed. */
const programs = [
  ...(existsSync(debian)
    ? readdirSync(debian)
        .map((release) => join(debian, release, "bin"))
        .reverse()
    : []),
  ...(process.env.PATH ?? "").split(delimiter),
].find((folder) => ["initdb", "pg_ctl"].every((each) => existsSync(join(folder, each))));

/** Why tests that need Postgres are skipped here; undefined: they run. */
export const noPostgres = programs ? undefined : "needs Postgres: apt-get install postgresql, or put initdb and pg_ctl on the PATH";

/** A Postgres of a test's own: its data in a temporary folder, listening on loopback alone. */
export interface TestPostgres extends AsyncDisposable {
  /** Makes an empty database and gives its address. */
  database(): Promise<string>;
  /** Runs a statement. @param url from `database` */
  sql(url: string, statement: string): Promise<Record<string, unknown>[]>;
  /** Ends it as a crash does: no connection is told. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

export async function startPostgres(): Promise<TestPostgres> {
  if (!programs) throw new Error(noPostgres);
  const folder = await mkdtemp(join(tmpdir(), "postgres-"));
  const data = join(folder, "data");
  const port = await freePort();
  // initdb and the server refuse to run as root.
  const isRoot = process.getuid?.() === 0;
  const user = isRoot ? "postgres" : userInfo().username;
  const tool = async (program: string, ...args: string[]) => {
    const path = join(programs, program);
    const [command, all] = isRoot ? ["setpriv", ["--reuid", user, "--regid", user, "--clear-groups", path, ...args]] : [path, args];
    // Its own environment: PGDATA and the like would lead elsewhere.
    return await run(command, all, { cwd: folder, env: { PATH: process.env.PATH, LC_ALL: "C.UTF-8" } });
  };
  if (isRoot) {
    const id = async (flag: string) => Number((await run("id", [flag, user])).stdout);
    await chown(folder, await id("-u"), await id("-g"));
  }
  const log = join(folder, "log");
  const postgres = {
    start: async () => {
      await tool("pg_ctl", "--pgdata", data, "--log", log, "--wait", "start").catch(async (error: unknown) => {
        throw new Error(await readFile(log, "utf8").catch(() => "Postgres did not start"), { cause: error });
      });
    },
    stop: async () => void (await tool("pg_ctl", "--pgdata", data, "--mode", "immediate", "stop")),
  };
  await tool(
    "initdb",
    "--pgdata",
    data,
    "--username",
    "bridge",
    "--auth",
    "trust",
    "--encoding",
    "UTF8",
    "--locale",
    "C.UTF-8",
    "--no-sync",
  );
  await writeFile(
    join(data, "postgresql.auto.conf"),
    `listen_addresses = '127.0.0.1'\nport = ${port}\nunix_socket_directories = '${folder}'\nfsync = off\nmax_connections = 100\n`,
  );
  await postgres.start();

  const sql = async (url: string, statement: string) => {
    const client = new pg.Client(url);
    client.on("error", () => {});
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(statement)).rows;
    } finally {
      await client.end();
    }
  };
  const urlOf = (name: string) => `postgres://bridge@127.0.0.1:${port}/${name}`;
  return {
    ...postgres,
    sql,
    async database() {
      const name = `test_${randomBytes(6).toString("hex")}`;
      await sql(urlOf("postgres"), `create database ${name}`);
      return urlOf(name);
    },
    async [Symbol.asyncDispose]() {
      await postgres.stop().catch(() => {}); // a test may have stopped it
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port was free");
  return address.port;
}
