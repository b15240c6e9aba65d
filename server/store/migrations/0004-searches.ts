import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** Runs remember the search that they belong to, and may be computed in parts by any of the bridges that share the store. */
export const searches: Migration = {
  async up(db: Kysely<unknown>) {
    const { schema } = db;
    await schema.alterTable("runs").addColumn("search_id", "text").execute();
    await schema.alterTable("runs").addColumn("search", "text").execute();
    await schema.createIndex("runs_search").on("runs").column("search_id").execute();
    await schema
      .createTable("open_runs")
      .addColumn("run", "text", (column) => column.primaryKey())
      .addColumn("call", "text", (column) => column.notNull())
      .addColumn("algorithm_key", "text", (column) => column.notNull())
      .addColumn("model_version", "integer")
      .addColumn("notes", "text", (column) => column.notNull())
      .addColumn("seen_at", "text", (column) => column.notNull())
      .execute();
    await schema
      .createTable("run_parts")
      .addColumn("run", "text", (column) => column.notNull())
      .addColumn("part", "integer", (column) => column.notNull())
      .addColumn("outcome", "text", (column) => column.notNull())
      .addPrimaryKeyConstraint("run_parts_key", ["run", "part"])
      .execute();
  },
};
