import { createServer as createPlain } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** A bridge as far as the app asks it. */
export interface BridgeState {
  token: string;
  /** What POST /v1/tokens answers instead of a token. */
  refuses?: { readonly status: number; readonly body: object };
  notReady?: string;
  readonly asked: { path: string; body: unknown }[];
}

export const SHORT_LIVED = "short-lived-token-of-a-search";

/** @param tls its certificate; without one it serves plain HTTP */
export async function bridgeRest(state: BridgeState, tls?: { cert: string; key: string }) {
  const listener = async (request: import("node:http").IncomingMessage, response: import("node:http").ServerResponse) => {
    const path = request.url ?? "";
    const body = await text(request);
    state.asked.push({ path, body: body === "" ? undefined : JSON.parse(body) });
    const [status, told] = answer(state, `${request.method} ${path}`, request.headers.authorization === `Bearer ${state.token}`);
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(told));
  };
  const server = tls ? createServer(tls, listener) : createPlain(listener);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    address: `${tls ? "https" : "http"}://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

function answer(state: BridgeState, asked: string, isKnown: boolean): [number, object] {
  if (asked === "GET /health/live") return [200, { live: true }];
  if (!isKnown) return [401, { code: "UNAUTHORIZED", detail: "This token is not known here.", hint: "Send another." }];
  if (asked === "GET /health/ready") {
    const checks = [{ name: "python", ok: state.notReady === undefined, detail: state.notReady ?? "there" }];
    return [state.notReady === undefined ? 200 : 503, { ready: state.notReady === undefined, checks }];
  }
  if (asked === "GET /v1/algorithms")
    return [
      200,
      [
        { name: "a", state: "live" },
        { name: "b", state: "refused" },
      ],
    ];
  if (asked !== "POST /v1/tokens") return [404, { code: "NOT_FOUND", detail: "There is no such address.", hint: "…" }];
  if (state.refuses) return [state.refuses.status, state.refuses.body];
  return [201, { token: SHORT_LIVED, user: "alice", verbs: ["apply"], expiresAt: "2026-11-21T12:00:00Z" }];
}
