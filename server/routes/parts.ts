import type { FastifyRequest } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { BadCall, BridgeError } from "#contract/errors.ts";
import { FRAMES_TYPE } from "#contract/frames.ts";
import { RunId, VersionId } from "#contract/names.ts";
import { Receipt } from "#contract/run.ts";
import { toRecord } from "../compute/failures.ts";
import { readOptions } from "../compute/options.ts";
import type { Parts } from "../compute/parts.ts";
import { ARROW_TYPE, framesAnswer, outputOf, tableAnswer } from "./answers.ts";
import { replyBody } from "./body.ts";
import { CallHeaders, CallOptions, saidOf } from "./call-request.ts";
import { compressedBody } from "./compressed-body.ts";
import { goneSignal } from "./gone.ts";
import { requestRows } from "./request-rows.ts";

export interface PartsRouteParts {
  readonly parts: Parts;
  /** The connection of an open run's caller has closed. */
  readonly left: (run: string) => void;
  readonly newRunId: () => string;
  /** The name of the token that asks. */
  readonly callerOf: (request: FastifyRequest) => string;
  /** @throws Forbidden when the token that asks was not made for this method */
  readonly allow: (request: FastifyRequest, method: string) => void;
}

const ofRun = z.object({ run: RunId });
const ofPart = ofRun.extend({
  part: z.coerce
    .number()
    .int()
    .min(1)
    .max(2 ** 31 - 1),
});
const Opened = z.object({
  run: RunId.nullable().describe("Null: send all rows at once to POST /v1/compute"),
  rows: z.enum(["parts", "whole"]),
  algorithm: z.string(),
  version: VersionId,
  notes: z.array(z.string()).describe("Why not in parts"),
});

/** `/v1/runs`: calls whose rows come in parts, each a request that may be sent again (server/compute/parts.ts). */
export const partsRoutes =
  ({ parts, left, newRunId, callerOf, allow }: PartsRouteParts): FastifyPluginAsyncZod =>
  async (app) => {
    const tags = ["compute"];
    const config = { forUsers: true };
    const followed = followedRuns(left);

    app.post(
      "/v1/runs",
      {
        config,
        schema: {
          summary: "Ask how a call's rows are to come, and begin a run if they may come in parts",
          description:
            "Parts are for methods that compute each row for itself. The version and the model of the beginning are those of all parts.",
          tags,
          querystring: CallOptions,
          headers: CallHeaders,
          body: z.strictObject({
            columns: z.array(z.string()).describe("Of the first rows, without those of multivalue fields (`__mv_…`)"),
          }),
          response: { 200: Opened, 201: Opened },
        },
      },
      async (request, reply) => {
        const asked = readOptions(request.query);
        allow(request, asked.method);
        if (asked.algorithm === null) throw new BadCall("A staging takes all rows at once.", "Send them to POST /v1/compute.");
        const id = newRunId();
        const said = saidOf(request.headers);
        const call = { ...asked, ...said, algorithm: asked.algorithm, caller: callerOf(request), strict: false, part: null } as const;
        const { run, target, notes } = await parts.open(id, { ...call, input: "csv", output: "csv" }, request.body.columns);
        const { name: algorithm, version } = target.manifest;
        if (run !== null) {
          reply.header("compute-run", run);
          followed.add(request, run);
        }
        return reply.code(run === null ? 200 : 201).send({ run, rows: run === null ? "whole" : "parts", algorithm, version, notes });
      },
    );

    await app.register(async (raw: typeof app) => {
      // Rows are read as they come, and an end needs no body of any type.
      raw.removeAllContentTypeParsers();
      raw.addContentTypeParser("*", (_request, payload, done) => done(null, payload));

      raw.post(
        "/v1/runs/:run/end",
        {
          config,
          schema: {
            summary: "End a run whose parts have all come",
            tags,
            params: ofRun,
            response: { 200: z.object({ receipt: Receipt }) },
          },
        },
        async (request) => {
          const { run } = request.params;
          const receipt = await parts.end(run, callerOf(request));
          followed.remove(request, run);
          return { receipt };
        },
      );

      raw.post(
        "/v1/runs/:run/cancel",
        { config, schema: { summary: "Give a run up", tags, params: ofRun, response: { 204: z.null() } } },
        async (request, reply) => {
          const { run } = request.params;
          await parts.cancel(run, callerOf(request));
          followed.remove(request, run);
          return reply.code(204).send(null);
        },
      );

      raw.post(
        "/v1/runs/:run/parts/:part",
        {
          config,
          schema: {
            summary: "Compute one part of a run",
            description: `The body holds rows: text/csv, ${ARROW_TYPE}, or ${FRAMES_TYPE}. Accept chooses the answer's form in the same way. The same part may be sent again: it is counted once.`,
            tags,
            params: ofPart,
            headers: CallHeaders,
          },
        },
        async (request, reply) => {
          const { run, part } = request.params;
          followed.add(request, run);
          const { isFrames, output } = outputOf(request.headers.accept);
          const body = compressedBody(replyBody(reply, run), reply, request.headers["accept-encoding"]);
          const writer = isFrames ? framesAnswer(body) : tableAnswer(body, output);
          try {
            const { rows, format } = await requestRows(request.raw);
            const { rowsSent } = saidOf(request.headers);
            const receipt = await parts.compute(
              run,
              callerOf(request),
              { part, input: format, output, rowsSent },
              rows,
              writer,
              goneSignal(reply),
            );
            writer.finish(receipt);
          } catch (error) {
            if (!writer.fail(toRecord(error))) throw error;
            if (!(error instanceof BridgeError)) request.log.error({ err: error, run, part }, "a part failed after its answer began");
          }
          return reply;
        },
      );
    });
  };

/** Which runs each connection carries: its close is the only word of a caller that was killed. */
function followedRuns(left: (run: string) => void) {
  const carried = new WeakMap<object, Set<string>>();
  return {
    add({ raw: { socket } }: FastifyRequest, run: string): void {
      const known = carried.get(socket);
      if (known) return void known.add(run);
      const runs = new Set([run]);
      carried.set(socket, runs);
      socket.once("close", () => {
        for (const each of runs) left(each);
      });
    },
    remove({ raw: { socket } }: FastifyRequest, run: string): void {
      carried.get(socket)?.delete(run);
    },
  };
}
