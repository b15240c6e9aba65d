import { afterAll, beforeAll, describe } from "vitest";
import { openStore } from "../../../server/store/open.ts";
import { noPostgres, startPostgres, type TestPostgres } from "../support/postgres.ts";
import { partsSuite } from "./parts-suite.ts";
import { removalSuite } from "./removal-suite.ts";
import { runsSuite } from "./runs-suite.ts";
import { type Engine, storeSuite } from "./store-suite.ts";

describe.skipIf(noPostgres)(noPostgres ?? "a real Postgres", () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres[Symbol.asyncDispose]());

  const newEngine = async (): Promise<Engine> => {
    const url = await postgres.database();
    return {
      open: (edges) => openStore({ url, ...edges }),
      async breakWrites() {
        await postgres.sql(url, "alter table events rename to hidden");
        return async () => void (await postgres.sql(url, "alter table hidden rename to events"));
      },
      remove: async () => {},
    };
  };

  storeSuite("Postgres", newEngine);
  removalSuite("Postgres", newEngine);
  runsSuite("Postgres", newEngine);
  partsSuite("Postgres", newEngine);
});
