import { request as ask, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream";
import { setTimeout } from "node:timers/promises";

/** Long enough for the command to learn meanwhile that its search has ended. */
const LATE_MS = 700;

/** A request that came by. */
export interface Counted {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** What happens to a request instead of being passed on: its answer comes late, its connection is cut before or after the bridge had it, nobody answers, or a proxy does. */
export type Fate = "pass" | "late" | "cut-before" | "cut-after" | "silence" | number;

/** An HTTP proxy before a bridge, which counts, and loses what it is told to. */
export interface CountingProxy extends AsyncDisposable {
  readonly address: string;
  readonly requests: Counted[];
  /** Requests of this method whose path begins so. */
  count(method: string, path: string): number;
}

/** @param fateOf is asked for each request, in order */
export async function countingProxy(bridge: string, fateOf: (request: Counted) => Fate = () => "pass"): Promise<CountingProxy> {
  const requests: Counted[] = [];
  const server = createServer({ keepAlive: true }, (incoming, outgoing) => {
    const counted = { method: incoming.method ?? "", path: incoming.url ?? "", headers: incoming.headers };
    requests.push(counted);
    const fate = fateOf(counted);
    if (fate === "silence") return incoming.resume();
    if (fate === "cut-before") return outgoing.destroy();
    if (typeof fate === "number") return incoming.resume().on("end", () => outgoing.writeHead(fate).end("a proxy's own page"));
    const { method, path, headers } = counted;
    const passed = ask(new URL(path, bridge), { method, headers: { ...headers, host: new URL(bridge).host } }, async (answer) => {
      if (fate === "late") await setTimeout(LATE_MS);
      if (fate === "cut-after") return answer.resume().on("end", () => outgoing.destroy());
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers).flushHeaders();
      return pipeline(answer, outgoing, () => {});
    });
    outgoing.on("close", () => passed.destroy());
    return pipeline(incoming, passed, (error) => error && !outgoing.headersSent && outgoing.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    count: (method, path) => requests.filter((each) => each.method === method && each.path.startsWith(path)).length,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
