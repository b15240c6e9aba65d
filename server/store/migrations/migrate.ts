import { Migrator } from "kysely/migration";
import { BridgeError } from "#contract/errors.ts";
import type { Db } from "../database.ts";
import { start } from "./0001-start.ts";
import { bridges } from "./0002-bridges.ts";
import { listOrder } from "./0003-list-order.ts";
import { searches } from "./0004-searches.ts";

/** Every migration under the name that databases remember it by, oldest first. */
const migrations = { "0001-start": start, "0002-bridges": bridges, "0003-list-order": listOrder, "0004-searches": searches };

/** Brings a database of any earlier age to the present schema; all of it or nothing. @throws StoreAway */
export async function migrate(db: Db): Promise<void> {
  const { error } = await new Migrator({ db, provider: { getMigrations: async () => migrations } }).migrateToLatest();
  if (error instanceof BridgeError) throw error;
  if (error) throw new Error("The store could not be brought up to date; nothing was changed in it.", { cause: error });
}
