import type { FastifyRequest } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import type { OldEndpoints } from "../compute/old-endpoints.ts";
import { replyBody } from "./body.ts";
import { decodedBody } from "./content-encoding.ts";
import { dsdlAnswer } from "./dsdl-answer.ts";
import { goneSignal } from "./gone.ts";
import { NamingHeaders, namedIn } from "./naming-headers.ts";
import { chunksOf } from "./request-rows.ts";
import { dsdlSummaryTold, dsdlTold } from "./told.ts";

export interface DsdlRouteParts {
  readonly old: OldEndpoints;
  readonly newRunId: () => string;
  readonly callerOf: (request: FastifyRequest) => string;
  /** The bridge's own version, told by `GET /`. */
  readonly version: string;
}

/** The endpoints of DSDL's container, for clients of today (contracts, section 2). */
export const dsdlRoutes =
  ({ old, newRunId, callerOf, version }: DsdlRouteParts): FastifyPluginAsyncZod =>
  async (app) => {
    // Content-Type is not looked at, as in DSDL.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", (_request, payload, done) => done(null, payload));

    for (const method of ["fit", "apply"] as const) {
      const schema = { summary: `DSDL's /${method}`, tags: ["old clients"], hide: false, headers: NamingHeaders };
      app.post(`/${method}`, { schema, config: { told: dsdlTold } }, async (request, reply) => {
        const run = newRunId();
        reply.header("compute-run", run);
        const answer = dsdlAnswer(replyBody(reply, run), `/${method} done successfully`);
        const client = { caller: callerOf(request), deployment: null };
        const asked = { run, method, body: decodedBody(request.raw, chunksOf(request.raw)), client, named: namedIn(request.headers) };
        answer.finish(await old.call(asked, answer, goneSignal(reply)));
        return reply;
      });
    }

    for (const url of ["/", "/summary"]) {
      app.get(
        url,
        { schema: { summary: "DSDL's summary: a JSON text that holds JSON", tags: ["old clients"] }, config: { told: dsdlSummaryTold } },
        async (request, reply) => {
          const { model, summary } = await old.summary(newRunId(), callerOf(request), goneSignal(reply));
          const head = JSON.stringify({ app: "compute-bridge", version, model, token: "valid" }).slice(0, -1);
          // Joined as text: parsing the summary would change the spelling of its numbers.
          return reply
            .type("application/json")
            .send(JSON.stringify(summary === undefined ? `${head}}` : `${head},"model_summary":${summary}}`));
        },
      );
    }
  };
