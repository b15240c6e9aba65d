import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { Event } from "#contract/event.ts";
import type { EventsReader } from "../store/store.ts";

const EVENTS_A_READ = 500;
/** A reader that leaves so many bytes unread is cut off; it comes back and names the last event that it saw. */
const MOST_UNREAD = 2 ** 20;
/** So is one that reads nothing of the past for this long. */
const PATIENCE_MS = 30_000;
const RECONNECT_MS = 2000;

export interface EventStreamParts {
  readonly events: EventsReader;
  /** Those after this number come first; null: only what happens from now on. */
  readonly after: number | null;
  readonly heartbeatMs: number;
}

/**
 * Sends events as they happen, after those that were missed, until the response is closed. Each is sent once and in
 * the order of its number: what is committed while the past is being read is noticed, and read as well.
 */
export async function streamEvents(response: ServerResponse, { events, after, heartbeatMs }: EventStreamParts): Promise<void> {
  let sent = 0;
  let newest = 0;
  let isLive = false;
  const send = (event: Event) => {
    if (event.number <= sent) return;
    sent = event.number;
    response.write(`id: ${event.number}\nevent: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`);
    if (isLive && response.writableLength > MOST_UNREAD) response.destroy();
  };
  const leave = events.subscribe((event) => {
    newest = event.number;
    if (isLive) send(event);
  });
  const heartbeat = setInterval(() => response.write(": alive\n\n"), heartbeatMs);
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  try {
    response.write(`retry: ${RECONNECT_MS}\n\n`);
    const last = await events.last();
    sent = Math.min(after ?? last, last);
    // The reader knows events of another store, or of one that was restored since: what it holds may be wrong.
    if (after !== null && after > last)
      response.write(`id: ${last}\nevent: reset\ndata: ${JSON.stringify({ asked: after, newest: last })}\n\n`);
    while (!gone.signal.aborted) {
      const missed = await events.after(sent, EVENTS_A_READ);
      missed.forEach(send);
      if (response.writableNeedDrain) await drained(response, gone.signal);
      // Nothing may be awaited between this look and going live, or an event could fall between the two.
      if (missed.length < EVENTS_A_READ && newest <= sent) break;
    }
    isLive = true;
    if (!gone.signal.aborted) await once(gone.signal, "abort");
  } catch (error) {
    if (!gone.signal.aborted) throw error;
  } finally {
    clearInterval(heartbeat);
    leave();
  }
}

/** Resolves when the reader has caught up. @throws AbortError when it is gone, or cut off because it never does. */
async function drained(response: ServerResponse, gone: AbortSignal): Promise<void> {
  const patience = setTimeout(() => response.destroy(), PATIENCE_MS);
  try {
    await once(response, "drain", { signal: gone });
  } finally {
    clearTimeout(patience);
  }
}
