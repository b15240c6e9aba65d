import type { FastifyRequest } from "fastify";
import fp from "fastify-plugin";
import { Unauthorized } from "#contract/errors.ts";
import { pathTokenIn, speaksDltk } from "./addresses.ts";
import type { PathTokens } from "./path-tokens.ts";
import { sendSentence } from "./problem.ts";
import type { Sessions } from "./sessions.ts";
import type { TokenNames } from "./tokens.ts";

/** All that answers without a token. `/login` itself asks for a one-time code. */
const open: ReadonlySet<string> = new Set(["GET /health/live", "HEAD /health/live", "GET /login"]);
const safeMethods: ReadonlySet<string> = new Set(["GET", "HEAD"]);
const CALLER = "caller";

export interface AuthParts {
  readonly tokens: TokenNames;
  readonly sessions: Sessions;
  /** Of the addresses of DLTK's clients, which send no token otherwise; without it there are no such addresses. */
  readonly paths?: PathTokens;
}

/**
 * The one gate: nothing behind it is reached, and no body is read, without a token or a session. It stands before
 * addresses that do not exist and wrong verbs too. Register it first.
 */
export const auth = ({ tokens, sessions, paths }: AuthParts) =>
  fp(
    async (app) => {
      app.decorateRequest(CALLER, "");
      app.addHook("onRequest", async (request, reply) => {
        const route = request.routeOptions.url;
        if (open.has(`${request.method} ${route}`)) return;
        if (paths && (speaksDltk(request.url) || (route !== undefined && speaksDltk(route)))) {
          const caller = await paths.callerOf(pathTokenIn(request.url));
          if (caller === undefined) return sendSentence(reply, paths.refusal);
          request.setDecorator(CALLER, caller);
          return;
        }
        request.setDecorator(CALLER, identify(request, tokens, sessions));
      });
    },
    { name: "auth" },
  );

/** The name of the token, or `browser`: who sent this request. Only behind the gate. */
export function callerOf(request: FastifyRequest): string {
  const caller = request.getDecorator<string>(CALLER);
  if (caller === "") throw new Unauthorized("missing");
  return caller;
}

function identify(request: FastifyRequest, tokens: TokenNames, sessions: Sessions): string {
  const { authorization, cookie } = request.headers;
  if (authorization !== undefined) {
    const caller = tokens(tokenIn(authorization));
    if (caller === undefined) throw new Unauthorized("unknown");
    return caller;
  }
  const caller = isOwnPage(request) ? sessions.callerOf(cookie) : undefined;
  if (caller === undefined) throw new Unauthorized("missing");
  return caller;
}

/** `Bearer <token>`, `Splunk <token>`, or the token alone, as old clients send it. */
function tokenIn(authorization: string): string {
  return /^(?:bearer|splunk) +(.*)$/i.exec(authorization)?.[1]?.trim() ?? authorization.trim();
}

/**
 * Whether a browser says that a page of this very origin asks. A cookie alone does not: browsers send it to every
 * port of a host, so a page on another port (JupyterLab, say) could act with it.
 */
function isOwnPage({ method, headers }: FastifyRequest): boolean {
  const { origin, host } = headers;
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin" && site !== "none") return false;
  if (origin !== undefined) return URL.parse(origin)?.host === host;
  return safeMethods.has(method) || site === "same-origin";
}
