import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { NotFound } from "#contract/errors.ts";
import { RunId } from "#contract/names.ts";
import { Run, RunState } from "#contract/run.ts";
import { pageOf } from "../store/page.ts";
import type { RunsReader } from "../store/store.ts";
import { answerPage, listOf, paging, wanted } from "./page.ts";

/** `/v1/runs`: every call and what became of it. Runs are made by calls and never changed through HTTP. */
export const runsRoutes =
  ({ runs }: { readonly runs: RunsReader }): FastifyPluginAsyncZod =>
  async (app) => {
    const tags = ["runs"];

    app.get(
      "/v1/runs",
      {
        schema: {
          summary: "Runs, newest first",
          tags,
          querystring: z.object({
            algorithm: z.string().optional(),
            state: RunState.optional(),
            search: z.string().optional().describe("The id of a search in Splunk"),
            before: RunId.optional().describe("The id of a run: those that began before it"),
            ...paging(z.union([RunId, z.literal("")])),
          }),
          response: { 200: listOf(Run) },
        },
      },
      async (request, reply) => {
        const { query } = request;
        const { limit, cursor } = wanted(query);
        const [before] = [cursor, query.before].filter((each) => each !== undefined).sort();
        const found = await runs.list({ ...query, before, limit: limit + 1 });
        return answerPage(request, reply, query, pageOf(found, limit, { cursorOf: ({ id }) => id, toItem: (run) => run }));
      },
    );

    app.get(
      "/v1/runs/:id",
      { schema: { summary: "One run: its state, receipt, log and error", tags, params: z.object({ id: RunId }), response: { 200: Run } } },
      async ({ params: { id } }) => {
        const found = await runs.find(id);
        if (!found) throw new NotFound("run", id);
        return found;
      },
    );
  };
