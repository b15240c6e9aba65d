import type { ServerResponse } from "node:http";
import { setImmediate as turn } from "node:timers/promises";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { Event } from "#contract/event.ts";
import { pageOf } from "../store/page.ts";
import type { EventsReader } from "../store/store.ts";
import { streamEvents } from "./event-stream.ts";
import { answerPage, listOf, paging, wanted } from "./page.ts";

const HEARTBEAT_MS = 15_000;
const EVENT_STREAM = "text/event-stream";

/** A schema of all JSON refers to itself, which the description of the API could not resolve. */
const Listed = Event.extend({ data: z.record(z.string(), z.unknown()).describe("A few facts more, by kind") });

export interface EventsRouteParts {
  readonly events: EventsReader;
  readonly heartbeatMs?: number;
}

/** `/v1/events`: what changed, as a list or as it happens. */
export const eventsRoutes =
  ({ events, heartbeatMs = HEARTBEAT_MS }: EventsRouteParts): FastifyPluginAsyncZod =>
  async (app) => {
    const streams = new Set<ServerResponse>();
    // A stream never ends by itself: the server could not close while one is open. Nor does one whose reader does not
    // read; it is cut, and its reader asks for the rest when it comes back.
    app.addHook("preClose", async () => {
      for (const stream of streams) stream.end();
      await turn();
      for (const stream of streams) if (!stream.writableFinished) stream.destroy();
    });

    const number = z.coerce.number().int().min(0);
    app.get(
      "/v1/events",
      {
        schema: {
          summary: "Events, oldest first; with Accept: text/event-stream as they happen",
          description:
            "A stream begins after the event named by Last-Event-ID or `after`, else with what happens next. Where there is no such event yet, it begins with one named `reset`.",
          tags: ["events"],
          querystring: z.object({ after: number.optional().describe("The number of the last event that is known"), ...paging() }),
          headers: z.looseObject({ "last-event-id": number.optional() }),
          response: { 200: listOf(Listed) },
        },
      },
      async (request, reply) => {
        const { query } = request;
        const { after } = query;
        if (!request.headers.accept?.includes(EVENT_STREAM)) {
          const { limit, cursor } = wanted(query);
          const found = await events.after(Math.max(after ?? 0, Number(cursor ?? 0)), limit + 1);
          const page = pageOf(found, limit, { cursorOf: (event) => String(event.number), toItem: (event) => event });
          return answerPage(request, reply, query, page);
        }
        const seen = request.headers["last-event-id"];
        reply.hijack();
        const { raw } = reply;
        // What plugins set on the reply (the headers of helmet) is lost by hijacking.
        for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) raw.setHeader(name, value);
        // X-Accel-Buffering: an nginx before the bridge holds nothing back.
        raw.writeHead(200, { "content-type": `${EVENT_STREAM}; charset=utf-8`, "cache-control": "no-store", "x-accel-buffering": "no" });
        streams.add(raw);
        streamEvents(raw, { events, after: typeof seen === "number" ? seen : (after ?? null), heartbeatMs })
          .catch((error) => {
            request.log.error({ err: error }, "a stream of events failed");
            raw.destroy();
          })
          .finally(() => streams.delete(raw));
        return reply;
      },
    );
  };
