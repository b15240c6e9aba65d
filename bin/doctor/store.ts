import { stat } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { sql } from "kysely";
import { StoreAway } from "#contract/errors.ts";
import { homeFolder } from "../places.ts";
import { type Finding, ok, wrong } from "./finding.ts";

/** Where the bridge remembers: the database of BRIDGE_STORE, or the file in the home. Nothing is written. */
export async function checkStore(env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const url = env.BRIDGE_STORE?.trim();
  if (url) return URL.canParse(url) ? [await database(url)] : []; // the settings are told elsewhere
  const file = join(homeFolder(env), ".bridge", "store.sqlite");
  const isThere = await stat(file).catch(() => undefined);
  return isThere ? [fileStore(file)] : [];
}

async function database(url: string): Promise<Finding> {
  const { openPostgres } = await import("../../server/store/postgres.ts");
  const silent = () => {};
  const connections = openPostgres(url, { info: silent, warn: silent, error: silent });
  try {
    await sql`select 1`.execute(connections.read);
    return ok("the database of BRIDGE_STORE answers");
  } catch (error) {
    if (error instanceof StoreAway) return wrong(error.message, "Look whether the database of BRIDGE_STORE runs and lets this user in.");
    return wrong(`The database of BRIDGE_STORE refuses: ${error instanceof Error ? error.message : error}.`, "Look at its log.");
  } finally {
    await connections.close();
  }
}

function fileStore(file: string): Finding {
  try {
    const store = new DatabaseSync(file, { readOnly: true });
    try {
      store.prepare("select count(*) from sqlite_schema").get();
    } finally {
      store.close();
    }
    return ok("the store can be read");
  } catch (error) {
    return wrong(
      `The store ${file} cannot be read: ${error instanceof Error ? error.message : error}.`,
      "Give it to the user that runs the bridge, or take it from a backup (docs/how-to/back-up-and-restore.md).",
    );
  }
}
