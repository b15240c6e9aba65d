import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { DatasetVersion } from "#contract/dataset.ts";
import { NotFound } from "#contract/errors.ts";
import type { Deletions } from "../compute/deletions.ts";
import { nearNames } from "../store/near.ts";
import type { DatasetsReader } from "../store/store.ts";
import { answerPage, listOf, paging, wanted } from "./page.ts";

const MOST_NAMED = 1000;

/** `/v1/datasets`: staged rows. The rows themselves lie in files that notebooks read. */
export const datasetsRoutes =
  ({ datasets, remove }: { readonly datasets: DatasetsReader; readonly remove: Deletions["dataset"] }): FastifyPluginAsyncZod =>
  async (app) => {
    const tags = ["datasets"];

    app.get(
      "/v1/datasets",
      {
        schema: {
          summary: "Datasets, newest first: the newest version of each",
          tags,
          querystring: z.object(paging()),
          response: { 200: listOf(DatasetVersion) },
        },
      },
      async (request, reply) => answerPage(request, reply, request.query, await datasets.page(wanted(request.query))),
    );

    app.get(
      "/v1/datasets/:name",
      {
        schema: {
          summary: "One dataset: its newest version, or the one asked for",
          tags,
          params: z.object({ name: z.string() }),
          querystring: z.object({ version: z.coerce.number().int().min(1).optional() }),
          response: { 200: DatasetVersion },
        },
      },
      async ({ params: { name }, query: { version } }) => {
        const found = await datasets.find(name, version);
        if (found) return found;
        const newest = version === undefined ? undefined : await datasets.find(name);
        if (newest) throw new NotFound("version of the dataset", `${name}@${version}`, [String(newest.version)]);
        const known = await datasets.list({ limit: MOST_NAMED });
        const names = known.map((each) => each.name);
        throw new NotFound("dataset", name, nearNames(name, names));
      },
    );

    app.delete(
      "/v1/datasets/:name",
      {
        schema: {
          summary: "Delete staged rows with all their versions, and the files that notebooks read",
          tags,
          params: z.object({ name: z.string() }),
        },
      },
      async ({ params: { name } }, reply) => {
        await remove(name);
        return reply.code(204).send();
      },
    );
  };
