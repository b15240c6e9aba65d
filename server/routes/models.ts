import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { NotFound } from "#contract/errors.ts";
import { ModelVersion } from "#contract/model.ts";
import type { Deletions } from "../compute/deletions.ts";
import { ownerOf } from "../compute/model-owner.ts";
import type { ModelsReader } from "../store/store.ts";
import { answerPage, listOf, paging, wanted } from "./page.ts";

const MOST_NAMED = 3;

export interface ModelsRouteParts {
  readonly models: ModelsReader;
  readonly remove: Deletions["model"];
}

const whose = z.object({ algorithm: z.string().optional().describe("Needed when several algorithms have a model of that name") });
const named = z.object({ name: z.string() });
const numbered = named.extend({ version: z.string().describe("A number, or an alias such as latest") });

/** `/v1/models`: what fits left behind. */
export const modelsRoutes =
  ({ models, remove }: ModelsRouteParts): FastifyPluginAsyncZod =>
  async (app) => {
    const tags = ["models"];

    app.get(
      "/v1/models",
      {
        schema: {
          summary: "Models, newest first: the latest version of each; with a name, all its versions",
          tags,
          querystring: whose.extend({ name: z.string().optional(), ...paging() }),
          response: { 200: listOf(ModelVersion) },
        },
      },
      async (request, reply) => {
        const { query } = request;
        return answerPage(request, reply, query, await models.page({ ...query, ...wanted(query) }));
      },
    );

    app.get(
      "/v1/models/:name",
      { schema: { summary: "One model: its latest version", tags, params: named, querystring: whose, response: { 200: ModelVersion } } },
      async ({ params: { name }, query: { algorithm } }) => find(name, algorithm),
    );

    app.get(
      "/v1/models/:name/versions",
      {
        schema: {
          summary: "All versions of a model, newest first",
          tags,
          params: named,
          querystring: whose.extend(paging()),
          response: { 200: listOf(ModelVersion) },
        },
      },
      async (request, reply) => {
        const { params, query } = request;
        const algorithm = await ownerOf(models, params.name, query.algorithm);
        return answerPage(request, reply, query, await models.page({ algorithm, name: params.name, ...wanted(query) }));
      },
    );

    app.get(
      "/v1/models/:name/versions/:version",
      { schema: { summary: "One version of a model", tags, params: numbered, querystring: whose, response: { 200: ModelVersion } } },
      async ({ params: { name, version }, query: { algorithm } }) => find(name, algorithm, version),
    );

    app.delete(
      "/v1/models/:name",
      { schema: { summary: "Delete a model with all its versions; 409 while calls use it", tags, params: named, querystring: whose } },
      async ({ params: { name }, query: { algorithm } }, reply) => {
        await remove(name, { algorithm });
        return reply.code(204).send();
      },
    );

    app.delete(
      "/v1/models/:name/versions/:version",
      {
        schema: {
          summary: "Delete one version of a model; 409 while calls use it or an alias points to it. latest then is the newest that is left",
          tags,
          params: numbered,
          querystring: whose,
        },
      },
      async ({ params: { name, version }, query: { algorithm } }, reply) => {
        await remove(name, { algorithm, version });
        return reply.code(204).send();
      },
    );

    async function find(name: string, algorithm: string | undefined, version?: string): Promise<ModelVersion> {
      const owner = await ownerOf(models, name, algorithm);
      const found = await models.find(owner, name, version);
      if (found) return found;
      const known = await models.list({ algorithm: owner, name, limit: MOST_NAMED });
      throw new NotFound(
        "version of the model",
        `${name}@${version}`,
        known.flatMap((each) => [...each.aliases, String(each.version)]).slice(0, MOST_NAMED),
      );
    }
  };
