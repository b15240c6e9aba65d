import { createServer as http, type RequestListener, type Server } from "node:http";
import { createServer as https } from "node:https";

export interface HttpServerParts {
  /** A certificate with its key, PEM; null: plain HTTP. */
  readonly tls: { readonly cert: string; readonly key: string } | null;
  /** How long a connection may take for its handshake, for its first request's headers, and for those of each further one once they begin. */
  readonly headersMs?: number;
  /** How often it is looked for those that took longer. */
  readonly lookMs?: number;
}

/** Node's server as the bridge wants it, which listens to nothing yet. */
export function httpServer(handler: RequestListener, { tls, headersMs = 60_000, lookMs = 30_000 }: HttpServerParts): Server {
  const options = {
    // Bodies of rows have no limit and may take as long as the call's deadline.
    requestTimeout: 0,
    // Without it Node takes the one above: whoever reaches the port, without a token, could hold connections for ever.
    headersTimeout: headersMs,
    connectionsCheckingInterval: lookMs,
    keepAliveTimeout: 75_000,
  };
  return tls ? https({ ...options, ...tls, minVersion: "TLSv1.2", handshakeTimeout: headersMs }, handler) : http(options, handler);
}
