import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** Lists are read a page at a time, in the order of the events that told of their rows: each order has its index. */
export const listOrder: Migration = {
  async up(db: Kysely<unknown>) {
    const { schema } = db;
    await schema.dropIndex("versions_event").execute();
    for (const [table, ...columns] of [
      ["versions", "event"],
      ["versions", "algorithm_key", "event"],
      ["models", "event"],
      ["models", "algorithm_key", "event"],
      ["models", "name", "event"],
      ["datasets", "event"],
    ] as const) {
      const name = [table, "list", ...columns].join("_");
      await schema
        .createIndex(name)
        .on(table)
        .columns(["project", ...columns])
        .execute();
    }
  },
};
