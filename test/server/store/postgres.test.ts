import { afterAll, beforeAll, describe } from "vitest";
import { openStore } from "../../../server/store/open.ts";
import { noPostgres, startPostgres, type TestPostgres } from "../support/postgres.ts";
import { storeSuite } from "./store-suite.ts";

describe.skipIf(noPostgres)(noPostgres ?? "a real Postgres", () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres[Symbol.asyncDispose]());

  storeSuite("Postgres", async () => {
    const url = await postgres.database();
    return {
      open: (edges) => openStore({ url, ...edges }),
      async breakWrites() {
        await postgres.sql(url, "alter table events rename to hidden");
        return async () => void (await postgres.sql(url, "alter table hidden rename to events"));
      },
      remove: async () => {},
    };
  });
});
