import { createInterface } from "node:readline";
import { Readable } from "node:stream";

/** The bridge's stream of events, for who waits that something becomes live. */
export interface Events extends Disposable {
  /** The next time that a version of the algorithm becomes live. Ask before you save. @throws Error with what keeps it from that */
  live(algorithm: string): Promise<void>;
}

export async function followEvents(url: string, headers: Readonly<Record<string, string>>): Promise<Events> {
  const leave = new AbortController();
  const { body } = await fetch(`${url}/v1/events`, { headers: { ...headers, accept: "text/event-stream" }, signal: leave.signal });
  if (!body) throw new Error("The bridge sends no events.");
  const waiting = new Map<string, PromiseWithResolvers<void>>();
  const lines = createInterface({ input: Readable.fromWeb(body) });
  lines.on("error", () => {});
  lines.on("line", (line) => {
    if (!line.startsWith("data: {")) return;
    const { kind, subject, data } = JSON.parse(line.slice("data: ".length));
    const algorithm = data?.algorithm ?? subject;
    if (kind === "version.live") waiting.get(algorithm)?.resolve();
    if (kind === "algorithm.failing") waiting.get(algorithm)?.reject(new Error(`${algorithm} does not become live: ${line}`));
  });
  return {
    live(algorithm) {
      const next = Promise.withResolvers<void>();
      waiting.set(algorithm, next);
      return next.promise;
    },
    [Symbol.dispose]: () => leave.abort(),
  };
}
