import type { FastifyReply, FastifyRequest } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { type Call, STAGE } from "#contract/call.ts";
import { BadCall, BridgeError, Cancelled } from "#contract/errors.ts";
import { FRAMES_TYPE } from "#contract/frames.ts";
import type { Answers } from "../compute/answers-kept.ts";
import type { Compute } from "../compute/compute.ts";
import { toRecord } from "../compute/failures.ts";
import { optionsReader } from "../compute/known-options.ts";
import type { ComputeOptions } from "../compute/options.ts";
import type { RunRecorder } from "../compute/run-record.ts";
import type { Stage } from "../compute/stage.ts";
import { ARROW_TYPE, framesAnswer, outputOf, tableAnswer } from "./answers.ts";
import { type Body, replyBody } from "./body.ts";
import { CallHeaders, CallOptions, saidOf } from "./call-request.ts";
import { compressedBody } from "./compressed-body.ts";
import { goneSignal } from "./gone.ts";
import { type HashedBody, hashedBody } from "./hashed-body.ts";
import { keptBody, partsOf, replay } from "./kept-body.ts";
import { requestRows } from "./request-rows.ts";
import { computeTold } from "./told.ts";

export interface ComputeRouteParts {
  readonly compute: Compute;
  readonly stage: Stage;
  readonly runs: RunRecorder;
  readonly answers: Answers;
  readonly newRunId: () => string;
  /** The name of the token that asks. */
  readonly callerOf: (request: FastifyRequest) => string;
  /** @throws Forbidden when the token that asks was not made for this method */
  readonly allow: (request: FastifyRequest, method: string) => void;
}

/** Who calls what. */
interface Asked {
  readonly run: string;
  readonly caller: string;
  readonly asked: ComputeOptions;
  readonly headers: Parameters<typeof saidOf>[0];
}

const headers = CallHeaders.extend({
  "idempotency-key": z
    .string()
    .min(1)
    .max(255)
    .optional()
    .describe("The same request with the same key answers what it answered, and runs nothing"),
});

/** `POST /v1/compute` and `/compute`: rows in, a method of an algorithm, rows out (contract/call.ts). */
export const computeRoutes =
  ({ compute, stage, runs, answers, newRunId, callerOf, allow }: ComputeRouteParts): FastifyPluginAsyncZod =>
  async (app) => {
    const optionsOf = optionsReader();
    app.removeAllContentTypeParsers();
    // The usual ones by name: for any other Fastify reads the header's text with each request once more.
    for (const type of ["text/csv", ARROW_TYPE, FRAMES_TYPE, "*"])
      app.addContentTypeParser(type, (_request, payload, done) => done(null, payload));

    for (const url of ["/v1/compute", "/compute"]) {
      app.post(
        url,
        {
          config: { forUsers: true, told: computeTold },
          schema: {
            summary: "Run a method of an algorithm on rows, or stage them",
            description: `The body holds the rows: text/csv, ${ARROW_TYPE}, or ${FRAMES_TYPE}. Accept chooses the answer's form in the same way. Content-Encoding may be gzip, deflate, br or zstd; of Accept-Encoding, zstd and gzip are used for large answers.`,
            tags: ["compute"],
            querystring: CallOptions,
            headers,
          },
        },
        async (request, reply) => {
          const run = newRunId();
          reply.header("compute-run", run);
          const asked = optionsOf(request.query);
          allow(request, asked.method);
          // Made anew each time that it is asked for.
          const { headers } = request;
          const key = headers["idempotency-key"];
          const caller = callerOf(request);
          const body = compressedBody(replyBody(reply, run), reply, headers["accept-encoding"]);
          if (key === undefined) {
            await answer(request, reply, body, { run, caller, asked, headers });
            return reply;
          }
          const kept = await answers.begin(caller, key, partsOf(request));
          const sent = hashedBody(request.raw);
          if (kept.kind === "replay") return replay(reply, kept, sent);
          try {
            await answer(request, reply, keptBody(body, kept, run, sent), { run, caller, asked, headers }, sent);
          } catch (error) {
            kept.abandon();
            throw error;
          }
          return reply;
        },
      );
    }

    async function answer(
      request: FastifyRequest,
      reply: FastifyReply,
      body: Body,
      { run, caller, asked, headers }: Asked,
      sent?: HashedBody,
    ): Promise<void> {
      const signal = goneSignal(reply);
      const { isFrames, output } = outputOf(headers.accept);
      const writer = isFrames ? framesAnswer(body) : tableAnswer(body, output);
      try {
        let sentRows: Awaited<ReturnType<typeof requestRows>>;
        try {
          sentRows = await requestRows(request.raw, sent?.chunks);
        } catch (error) {
          if (error instanceof Cancelled) runs.begin(run, { ...asked, caller, ...saidOf(headers) }).fail(error);
          throw error;
        }
        const { rows, format } = sentRows;
        const call: Call = {
          ...asked,
          caller,
          strict: false,
          input: format,
          output,
          ...saidOf(headers),
          part: null,
        };
        if (call.method === STAGE) {
          const staged = await stage(run, stageName(asked), call, rows, signal);
          if (isFrames) return writer.finish(staged.receipt);
          const json = Buffer.from(JSON.stringify({ status: "staged", ...staged }));
          body.start("application/json", { length: json.length, receipt: staged.receipt });
          return body.end(json);
        }
        if (call.algorithm === null)
          throw new BadCall("The call names no algorithm.", "Add algorithm=<name>; GET /v1/algorithms lists them.");
        const { receipt } = await compute(run, { ...call, algorithm: call.algorithm }, rows, writer, signal);
        writer.finish(receipt);
      } catch (error) {
        const isTold = writer.fail(toRecord(error));
        if (!isTold) throw error;
        if (!(error instanceof BridgeError)) request.log.error({ err: error, run }, "a call failed after its answer began");
      }
    }
  };

/** A dataset has the model's name if one is given, else the algorithm's, else `default` (design.md, Stage). */
function stageName({ model, isModelNamed, algorithm }: ComputeOptions): string {
  return isModelNamed || algorithm === null ? model : algorithm;
}
