import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { NotFound } from "#contract/errors.ts";
import { ModelVersion } from "#contract/model.ts";
import { nearNames } from "../store/near.ts";
import type { ModelsReader } from "../store/store.ts";
import { limit } from "./page.ts";

const MOST_NAMED = 1000;

/** `/v1/models`: what fits left behind. */
export const modelsRoutes =
  ({ models }: { readonly models: ModelsReader }): FastifyPluginAsyncZod =>
  async (app) => {
    const tags = ["models"];

    app.get(
      "/v1/models",
      {
        schema: {
          summary: "Models, newest first: the latest version of each; with a name, all its versions",
          tags,
          querystring: z.object({ algorithm: z.string().optional(), name: z.string().optional(), limit: limit(100) }),
          response: { 200: z.array(ModelVersion) },
        },
      },
      async ({ query }) => models.list(query),
    );

    app.get(
      "/v1/models/:algorithm/:name",
      {
        schema: {
          summary: "One model: its latest version, or another by number or alias",
          tags,
          params: z.object({ algorithm: z.string(), name: z.string() }),
          querystring: z.object({ version: z.string().optional().describe("A number, or an alias such as latest") }),
          response: { 200: ModelVersion },
        },
      },
      async ({ params: { algorithm, name }, query: { version } }) => {
        const found = await models.find(algorithm, name, version);
        if (found) return found;
        if (version !== undefined && (await models.find(algorithm, name))) {
          const known = await models.list({ algorithm, name, limit: MOST_NAMED });
          const numbers = known.flatMap((each) => [...each.aliases, String(each.version)]);
          throw new NotFound("version of the model", `${name}@${version}`, numbers.slice(0, 3));
        }
        const known = await models.list({ algorithm, limit: MOST_NAMED });
        const names = known.map((each) => each.name);
        throw new NotFound(`model of ${algorithm}`, name, nearNames(name, names));
      },
    );
  };
