import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** A released file is never edited: what changes later is a new one. */
export const start: Migration = {
  async up(db: Kysely<unknown>) {
    const { schema } = db;
    await schema
      .createTable("counters")
      .addColumn("name", "text", (column) => column.primaryKey())
      .addColumn("value", "bigint", (column) => column.notNull())
      .execute();

    await schema
      .createTable("events")
      .addColumn("number", "bigint", (column) => column.primaryKey())
      .addColumn("project", "text", (column) => column.notNull())
      .addColumn("kind", "text", (column) => column.notNull())
      .addColumn("subject", "text", (column) => column.notNull())
      .addColumn("at", "text", (column) => column.notNull())
      .addColumn("data", "text", (column) => column.notNull())
      .execute();
    await schema.createIndex("events_subject").on("events").column("subject").execute();

    await schema
      .createTable("versions")
      .addColumn("project", "text", (column) => column.notNull())
      .addColumn("algorithm_key", "text", (column) => column.notNull())
      .addColumn("version", "text", (column) => column.notNull())
      .addColumn("manifest", "text", (column) => column.notNull())
      .addColumn("problems", "text", (column) => column.notNull())
      .addColumn("created_at", "text", (column) => column.notNull())
      .addColumn("event", "bigint", (column) => column.notNull())
      .addPrimaryKeyConstraint("versions_key", ["project", "algorithm_key", "version"])
      .execute();
    await schema.createIndex("versions_event").on("versions").column("event").execute();

    await schema
      .createTable("algorithms")
      .addColumn("project", "text", (column) => column.notNull())
      .addColumn("key", "text", (column) => column.notNull())
      .addColumn("name", "text", (column) => column.notNull())
      .addColumn("title", "text", (column) => column.notNull())
      .addColumn("title_key", "text", (column) => column.notNull())
      .addColumn("description", "text", (column) => column.notNull())
      .addColumn("category", "text", (column) => column.notNull())
      .addColumn("runtime", "text", (column) => column.notNull())
      .addColumn("environment", "text", (column) => column.notNull())
      .addColumn("notebook", "text")
      .addColumn("state", "text", (column) => column.notNull())
      .addColumn("live", "text")
      .addColumn("problems", "text", (column) => column.notNull())
      .addColumn("content", "text", (column) => column.notNull())
      .addColumn("exported_at", "text", (column) => column.notNull())
      .addPrimaryKeyConstraint("algorithms_key", ["project", "key"])
      .addForeignKeyConstraint("algorithms_live", ["project", "key", "live"], "versions", ["project", "algorithm_key", "version"])
      .execute();
    await schema.createIndex("algorithms_title").on("algorithms").columns(["project", "title_key"]).execute();

    await schema
      .createTable("models")
      .addColumn("project", "text", (column) => column.notNull())
      .addColumn("algorithm_key", "text", (column) => column.notNull())
      .addColumn("algorithm", "text", (column) => column.notNull())
      .addColumn("name", "text", (column) => column.notNull())
      .addColumn("version", "integer", (column) => column.notNull())
      .addColumn("fitted_by", "text", (column) => column.notNull())
      .addColumn("run", "text", (column) => column.notNull())
      .addColumn("signature", "text")
      .addColumn("folder", "text", (column) => column.notNull())
      .addColumn("created_at", "text", (column) => column.notNull())
      .addColumn("event", "bigint", (column) => column.notNull())
      .addPrimaryKeyConstraint("models_key", ["project", "algorithm_key", "name", "version"])
      .execute();
    await schema
      .createTable("model_aliases")
      .addColumn("project", "text", (column) => column.notNull())
      .addColumn("algorithm_key", "text", (column) => column.notNull())
      .addColumn("name", "text", (column) => column.notNull())
      .addColumn("alias", "text", (column) => column.notNull())
      .addColumn("version", "integer", (column) => column.notNull())
      .addPrimaryKeyConstraint("model_aliases_key", ["project", "algorithm_key", "name", "alias"])
      .addForeignKeyConstraint("model_aliases_model", ["project", "algorithm_key", "name", "version"], "models", [
        "project",
        "algorithm_key",
        "name",
        "version",
      ])
      .execute();

    await schema
      .createTable("datasets")
      .addColumn("project", "text", (column) => column.notNull())
      .addColumn("name", "text", (column) => column.notNull())
      .addColumn("version", "integer", (column) => column.notNull())
      .addColumn("rows", "bigint", (column) => column.notNull())
      .addColumn("columns", "text")
      .addColumn("bytes", "bigint", (column) => column.notNull())
      .addColumn("run", "text", (column) => column.notNull())
      .addColumn("csv", "text", (column) => column.notNull())
      .addColumn("folder", "text", (column) => column.notNull())
      .addColumn("created_at", "text", (column) => column.notNull())
      .addColumn("event", "bigint", (column) => column.notNull())
      .addPrimaryKeyConstraint("datasets_key", ["project", "name", "version"])
      .execute();

    await schema
      .createTable("runs")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("project", "text", (column) => column.notNull())
      .addColumn("algorithm", "text")
      .addColumn("algorithm_key", "text")
      .addColumn("version", "text")
      .addColumn("method", "text", (column) => column.notNull())
      .addColumn("model", "text")
      .addColumn("caller", "text", (column) => column.notNull())
      .addColumn("state", "text", (column) => column.notNull())
      .addColumn("started_at", "text", (column) => column.notNull())
      .addColumn("finished_at", "text")
      .addColumn("receipt", "text")
      .addColumn("error", "text")
      .addColumn("log", "text", (column) => column.notNull())
      .addColumn("metrics", "text", (column) => column.notNull())
      .execute();
    await schema.createIndex("runs_algorithm").on("runs").columns(["algorithm_key", "id"]).execute();
    await schema.createIndex("runs_state").on("runs").columns(["state", "id"]).execute();
  },
};
