import { setTimeout as sleep } from "node:timers/promises";
import { Algorithm } from "#contract/algorithm.ts";
import { Event } from "#contract/event.ts";
import { Run } from "#contract/run.ts";
import { ApiFailed, connect } from "../bin/api.ts";

/** The bridge's HTTP API as any client uses it. */
export interface Api {
  compute(options: Readonly<Record<string, string>>, csv: string): Promise<{ csv: string; run: Run }>;
  /** undefined: not known (yet). */
  algorithm(name: string): Promise<Algorithm | undefined>;
  /** Listens from when it resolves. */
  events(): Promise<EventStream>;
}

export interface EventStream extends Disposable {
  /** The next event that `is` wanted. @throws when none came within the time */
  next(is: (event: Event) => boolean, withinMs: number): Promise<Event>;
}

const Ended = Run.refine(({ state }) => state !== "running" && state !== "queued");

export function api(url: string, token: string): Api {
  const { ask: asked } = connect(url, token);

  /** A run's record may be written a moment after its answer. */
  async function endedRun(id: string): Promise<Run> {
    for (let tries = 0; ; tries++) {
      const run = Ended.safeParse(await (await asked(`/v1/runs/${id}`)).json());
      if (run.success) return run.data;
      if (tries === 50) throw new Error(`Run ${id} has no end: ${run.error.message}`);
      await sleep(50);
    }
  }

  return {
    async compute(options, csv) {
      const answer = await asked(`/v1/compute?${new URLSearchParams(options)}`, {
        method: "POST",
        headers: { "content-type": "text/csv", accept: "text/csv" },
        body: csv,
      });
      const text = await answer.text();
      return { csv: text, run: await endedRun(answer.headers.get("compute-run") ?? "") };
    },
    async algorithm(name) {
      const answer = await asked(`/v1/algorithms/${encodeURIComponent(name)}`).catch((error: unknown) => {
        if (error instanceof ApiFailed && error.status === 404) return undefined;
        throw error;
      });
      return answer && Algorithm.parse(await answer.json());
    },
    async events() {
      const stop = new AbortController();
      const { body } = await asked("/v1/events", { headers: { accept: "text/event-stream" }, signal: stop.signal });
      if (!body) throw new Error("/v1/events answered nothing.");
      return eventStream(body, stop);
    },
  };
}

function eventStream(body: ReadableStream<Uint8Array>, stop: AbortController): EventStream {
  const waiting = new Set<(event: Event) => void>();
  const read = async (): Promise<void> => {
    let text = "";
    for await (const part of body.pipeThrough(new TextDecoderStream())) {
      const blocks = (text + part).split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) {
        const event = Event.safeParse(parsed(/^data: ?(.*)$/m.exec(block)?.[1] ?? ""));
        if (event.success) for (const each of waiting) each(event.data);
      }
    }
  };
  read().catch(() => {}); // it was stopped, or the bridge: whoever waits then is told by the time
  return {
    next(is, withinMs) {
      const { promise, resolve, reject } = Promise.withResolvers<Event>();
      const look = (event: Event): void => {
        if (is(event)) resolve(event);
      };
      waiting.add(look);
      const late = setTimeout(() => reject(new Error(`Nothing was heard of it within ${withinMs / 1000} s.`)), withinMs);
      return promise.finally(() => {
        clearTimeout(late);
        waiting.delete(look);
      });
    },
    [Symbol.dispose]: () => stop.abort(),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
