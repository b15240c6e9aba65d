import type { FastifyReply, FastifyRequest } from "fastify";
import fp from "fastify-plugin";
import { type Caller, verbOf } from "#contract/caller.ts";
import { Forbidden, Unauthorized } from "#contract/errors.ts";
import { pathTokenIn, speaksDltk } from "./addresses.ts";
import type { PathTokens } from "./path-tokens.ts";
import { sendSentence } from "./problem.ts";
import type { Sessions } from "./sessions.ts";
import { isSameText, type TokenNames } from "./tokens.ts";
import type { UserTokens } from "./user-tokens.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** Whether a user's short-lived token may ask; the route then says for what. Otherwise none may. */
    forUsers?: boolean;
  }
}

/** All that answers without a token. `/login` itself asks for a one-time code. */
const open: ReadonlySet<string> = new Set(["GET /health/live", "HEAD /health/live", "GET /login"]);
const safeMethods: ReadonlySet<string> = new Set(["GET", "HEAD"]);
const CALLER = "caller";

export interface AuthParts {
  readonly tokens: TokenNames;
  /** Another one after each change of whom a token stands for; without it no connection's token is remembered. */
  readonly tokensState?: () => object;
  /** Without it users' tokens are good for nothing. */
  readonly users?: Pick<UserTokens, "callerOf">;
  readonly sessions: Sessions;
  /** Of the addresses of DLTK's clients, which send no token otherwise; without it there are no such addresses. */
  readonly paths?: PathTokens;
}

/**
 * The one gate: nothing behind it is reached, and no body is read, without a token or a session. It stands before
 * addresses that do not exist and wrong verbs too. Register it first.
 */
export const auth = ({ tokens, tokensState, users, sessions, paths }: AuthParts) =>
  fp(
    async (app) => {
      const namedBy = tokensState ? connectionTokens(tokens, tokensState) : ({ headers }: FastifyRequest) => named(tokens, headers);
      app.decorateRequest(CALLER, null);
      // Not async: who has a name is let through in this tick.
      app.addHook("onRequest", (request, reply, done) => {
        const route = request.routeOptions.url;
        if (open.has(`${request.method} ${route}`)) return done();
        if (paths && (speaksDltk(request.url) || (route !== undefined && speaksDltk(route)))) return knock(paths, request, reply);
        const caller = namedBy(request) ?? signedIn(request, sessions);
        if (caller === undefined) return admitUser(request);
        request.setDecorator(CALLER, caller);
        done();
      });

      async function admitUser(request: FastifyRequest): Promise<void> {
        const caller = await users?.callerOf(tokenIn(request.headers.authorization ?? ""));
        if (caller === undefined) throw new Unauthorized("unknown");
        if (caller.verbs !== null && !request.routeOptions.config.forUsers) throw notForUsers(caller);
        request.setDecorator(CALLER, caller);
      }
    },
    { name: "auth" },
  );

/** The name of the token, `<token>/<user>`, or `browser`: who sent this request. Only behind the gate. */
export function callerOf(request: FastifyRequest): string {
  return decorated(request).name;
}

/** @throws Forbidden when the request's token was not made for this method */
export function allow(request: FastifyRequest, method: string): void {
  const { name, verbs } = decorated(request);
  const verb = verbOf(method);
  if (verbs === null || verbs.has(verb)) return;
  throw new Forbidden(`The token of ${name} was made for ${[...verbs].join(", ")}, not for ${verb}.`, "Ask for a token that may.");
}

function decorated(request: FastifyRequest): Caller {
  const caller = request.getDecorator<Caller | null>(CALLER);
  if (caller === null) throw new Unauthorized("missing");
  return caller;
}

function notForUsers({ name }: Caller): Forbidden {
  return new Forbidden(`The token of ${name} is for calls alone.`, "Ask with a token that is no user's: `bridge tokens add` makes one.");
}

/** The gate of DLTK's addresses. */
async function knock(paths: PathTokens, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const caller = await paths.callerOf(pathTokenIn(request.url));
  if (caller === undefined) return sendSentence(reply, paths.refusal);
  request.setDecorator<Caller>(CALLER, { name: caller, verbs: null });
}

/** Undefined: no token came, or none of those with a name. */
function named(tokens: TokenNames, { authorization }: FastifyRequest["headers"]): Caller | undefined {
  const name = authorization === undefined ? undefined : tokens(tokenIn(authorization));
  return name === undefined ? undefined : { name, verbs: null };
}

/**
 * As `named`, and remembers of each connection the header that was good last: a client sends the same one with every
 * request. Another connection's is never compared, what is compared takes the same time wherever texts differ, and all
 * is forgotten when tokens change.
 */
function connectionTokens(tokens: TokenNames, state: () => object): (request: FastifyRequest) => Caller | undefined {
  const known = new WeakMap<object, { readonly authorization: string; readonly caller: Caller; readonly of: object }>();
  return ({ headers, raw: { socket } }) => {
    const { authorization } = headers;
    if (authorization === undefined) return undefined;
    const of = state();
    const last = known.get(socket);
    if (last?.of === of && isSameText(last.authorization, authorization)) return last.caller;
    const caller = named(tokens, headers);
    if (caller) known.set(socket, { authorization, caller, of });
    return caller;
  };
}

/** Undefined: a token came. @throws Unauthorized when there is neither a token nor a session */
function signedIn(request: FastifyRequest, sessions: Sessions): Caller | undefined {
  const { authorization, cookie } = request.headers;
  if (authorization !== undefined) return undefined;
  const name = isOwnPage(request) ? sessions.callerOf(cookie) : undefined;
  if (name === undefined) throw new Unauthorized("missing");
  return { name, verbs: null };
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
