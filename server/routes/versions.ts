import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { Version } from "#contract/algorithm.ts";
import { NotFound } from "#contract/errors.ts";
import { Manifest } from "#contract/manifest.ts";
import type { Deletions } from "../compute/deletions.ts";
import { nearNames } from "../store/near.ts";
import type { VersionsReader } from "../store/store.ts";
import { answerPage, listOf, paging, wanted } from "./page.ts";

const MOST_NAMED = 100;

/** `/v1/versions`: every export that was ever made. */
export const versionsRoutes =
  ({ versions, remove }: { readonly versions: VersionsReader; readonly remove: Deletions["version"] }): FastifyPluginAsyncZod =>
  async (app) => {
    const tags = ["versions"];

    app.get(
      "/v1/versions",
      {
        schema: {
          summary: "Versions, newest first",
          tags,
          querystring: z.object({ algorithm: z.string().optional(), ...paging() }),
          response: { 200: listOf(Version) },
        },
      },
      async (request, reply) => {
        const { query } = request;
        return answerPage(request, reply, query, await versions.page({ ...query, ...wanted(query) }));
      },
    );

    app.get(
      "/v1/versions/:algorithm/:version",
      {
        schema: {
          summary: "One version: its manifest",
          tags,
          params: z.object({ algorithm: z.string(), version: z.string() }),
          response: { 200: z.object({ manifest: Manifest, createdAt: z.iso.datetime() }) },
        },
      },
      async ({ params: { algorithm, version } }) => {
        const found = await versions.find(algorithm, version);
        if (found) return found;
        const known = await versions.list({ algorithm, limit: MOST_NAMED });
        const ids = known.map((each) => each.version);
        throw new NotFound("version", `${algorithm}@${version}`, [...nearNames(version, ids), ...ids].slice(0, 1));
      },
    );

    app.delete(
      "/v1/versions/:algorithm/:version",
      {
        schema: {
          summary: "Delete a version; 409 while it is live or calls run it",
          tags,
          params: z.object({ algorithm: z.string(), version: z.string() }),
        },
      },
      async ({ params: { algorithm, version } }, reply) => {
        await remove(algorithm, version);
        return reply.code(204).send();
      },
    );
  };
