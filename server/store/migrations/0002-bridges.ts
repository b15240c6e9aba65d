import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** Runs remember which bridge computes them, where several share a store. */
export const bridges: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable("runs").addColumn("bridge", "integer").execute();
  },
};
