import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import Fastify from "fastify";
import { describe, expect, it } from "vitest";
import { type AuthParts, auth, callerOf } from "../../../server/plugins/auth.ts";
import { errors } from "../../../server/plugins/errors.ts";
import { Sessions } from "../../../server/plugins/sessions.ts";
import { type TokenNames, tokenNames } from "../../../server/plugins/tokens.ts";
import { bearer, type TestAppParts, testApp, token } from "./app.ts";

const whoami: TestAppParts = {
  more: (app) => {
    app.get("/v1/whoami", async (request) => ({ caller: callerOf(request) }));
    app.post("/v1/whoami", async (request) => ({ caller: callerOf(request) }));
    app.get("/summary", async () => "old");
    app.post("/fit", async () => "old");
    app.post("/v1/compute", async () => "new");
    app.post("/compute", async () => "new");
  },
};

describe("the gate", () => {
  it("lets no route answer without a token but those that need none", async () => {
    await using test = await testApp(whoami);
    const open: string[] = [];
    const denied: string[] = [];
    expect(test.routes).toContain("GET /docs/static/*");
    expect(test.routes.length).toBeGreaterThan(20);
    for (const route of test.routes) {
      const [method, url] = route.split(" ") as ["GET", string];
      for (const authorization of [undefined, "", "Bearer", `Bearer ${token}x`, `Basic ${token}`]) {
        const headers = authorization === undefined ? {} : { authorization };
        const { statusCode } = await test.app.inject({ method, url: url.replaceAll(/:\w+|\*/g, "x"), headers });
        (statusCode === 401 ? denied : open).push(route);
      }
    }
    expect([...new Set(open)].sort()).toEqual(["GET /health/live", "GET /login", "HEAD /health/live"]);
    expect(new Set(denied).size).toBe(new Set(test.routes).size - 3);
  });

  it.each([
    ["GET", "/v1/nothing"],
    ["GET", "/nothing"],
    ["DELETE", "/v1/runs"],
    ["POST", "/health/live"],
    ["OPTIONS", "/v1/runs"],
    ["HEAD", "/login?code=x"],
    ["POST", "/login?code=x"],
    ["GET", "/health/live/"],
    ["GET", "//health/live"],
    ["GET", "/HEALTH/LIVE"],
  ] as const)("stands before what does not exist: %s %s", async (method, url) => {
    await using test = await testApp();
    expect(await test.app.inject({ method, url })).toMatchObject({ statusCode: 401, headers: { "www-authenticate": "Bearer" } });
  });

  it("tells nothing at an address that cannot be read", async () => {
    await using test = await testApp();
    const answer = await test.app.inject({ url: "/v1/runs/%zz" });
    expect(answer).toMatchObject({ statusCode: 400, headers: { "content-type": expect.stringMatching(/^application\/problem\+json/) } });
  });

  it.each([`Bearer ${token}`, `bearer  ${token}`, `Splunk ${token}`, token, ` ${token} `])("takes %j", async (authorization) => {
    await using test = await testApp(whoami);
    const answer = await test.app.inject({ url: "/v1/whoami", headers: { authorization } });
    expect(answer.json()).toEqual({ caller: "tests" });
  });

  it.each([`Bearer x${token}`, `Bearer ${token} x`, `x ${token}`, `Bearer Bearer ${token}`, token.toUpperCase(), "null"])(
    "does not take %j",
    async (authorization) => {
      await using test = await testApp(whoami);
      const answer = await test.app.inject({ url: "/v1/whoami", headers: { authorization } });
      expect(answer.json()).toMatchObject({ code: "UNAUTHORIZED", status: 401, type: "urn:compute-bridge:error:UNAUTHORIZED" });
    },
  );

  it.each([
    ["GET", "/summary", {}, "No header with token"],
    ["GET", "/summary", { authorization: "" }, "Invalid token"],
    ["POST", "/fit", { authorization: "Bearer wrong" }, "Invalid token"],
    ["GET", "/compute", {}, "No header with token"],
  ] as const)("answers as DSDL does: %s %s %j", async (method, url, headers, detail) => {
    await using test = await testApp(whoami);
    const answer = await test.app.inject({ method, url, headers });
    expect(answer.statusCode).toBe(401);
    expect(answer.json()).toEqual({ detail });
    expect(answer.headers["www-authenticate"]).toBe("Bearer");
  });

  it("answers our own call with a problem", async () => {
    await using test = await testApp(whoami);
    for (const url of ["/compute", "/v1/compute"]) {
      expect((await test.app.inject({ method: "POST", url })).json()).toMatchObject({ code: "UNAUTHORIZED" });
    }
  });
});

describe("a browser's session", () => {
  const host = "127.0.0.1:5000";
  const signIn = async ({ app, sessions }: Awaited<ReturnType<typeof testApp>>) => {
    const answer = await app.inject({ url: `/login?code=${sessions.issue()}` });
    expect(answer).toMatchObject({ statusCode: 303, headers: { location: "/docs" } });
    const [cookie, ...attributes] = String(answer.headers["set-cookie"]).split("; ");
    expect(attributes.sort()).toEqual(["HttpOnly", "Max-Age=43200", "Path=/", "SameSite=Strict"]);
    return cookie!;
  };

  it("begins with a code that is good once and for ten minutes", async () => {
    await using test = await testApp(whoami);
    const code = test.sessions.issue();
    const late = test.sessions.issue();
    const statusOf = async (each: string) => (await test.app.inject({ url: `/login?code=${each}` })).statusCode;
    expect(await statusOf(code)).toBe(303);
    expect(await statusOf(code)).toBe(401);
    expect(await statusOf("guessed")).toBe(401);
    test.pass(10 * 60_000 + 1);
    expect(await statusOf(late)).toBe(401);
    expect((await test.app.inject({ url: "/login" })).statusCode).toBe(400);
  });

  it("reads what a token reads, for twelve hours", async () => {
    await using test = await testApp(whoami);
    const cookie = await signIn(test);
    const read = async () => (await test.app.inject({ url: "/v1/whoami", headers: { host, cookie: `a=b; ${cookie}` } })).json();
    expect(await read()).toEqual({ caller: "browser" });
    test.pass(12 * 3_600_000 + 1);
    expect(await read()).toMatchObject({ code: "UNAUTHORIZED" });
  });

  it.each([
    ["POST", { origin: `http://${host}` }, 200],
    ["POST", { "sec-fetch-site": "same-origin" }, 200],
    ["POST", {}, 401],
    ["POST", { origin: "http://127.0.0.1:8888", "sec-fetch-site": "same-site" }, 401],
    ["POST", { origin: "http://127.0.0.1:8888" }, 401],
    ["POST", { origin: "null" }, 401],
    ["POST", { origin: `http://${host}`, "sec-fetch-site": "cross-site" }, 401],
    ["POST", { "sec-fetch-site": "none" }, 401],
    ["GET", { "sec-fetch-site": "none" }, 200],
    ["GET", { "sec-fetch-site": "same-site" }, 401],
    ["GET", { origin: "http://evil.example" }, 401],
  ] as const)("is for our own pages alone: %s %j gives %i", async (method, headers, status) => {
    await using test = await testApp(whoami);
    const cookie = await signIn(test);
    const answer = await test.app.inject({ method, url: "/v1/whoami", headers: { host, cookie, ...headers } });
    expect(answer.statusCode).toBe(status);
  });

  it("does not help a wrong token", async () => {
    await using test = await testApp(whoami);
    const cookie = await signIn(test);
    const headers = { host, cookie, authorization: "Bearer wrong" };
    expect((await test.app.inject({ url: "/v1/whoami", headers })).statusCode).toBe(401);
    expect((await test.app.inject({ url: "/v1/whoami", headers: { ...headers, ...bearer } })).statusCode).toBe(200);
  });
});

describe("a connection that goes on", () => {
  /** Listens with tokens that the test may change, and says whom it asked for names. */
  async function listening(users?: AuthParts["users"]) {
    let names: TokenNames = () => undefined;
    let state = {};
    const asked: string[] = [];
    const tokens = (text: string) => {
      asked.push(text);
      return names(text);
    };
    const sessions = new Sessions({ now: () => "", ticks: () => 1 });
    const app = Fastify({ forceCloseConnections: true });
    await app.register(auth({ tokens, tokensState: () => state, sessions, ...(users && { users }) }));
    await app.register(errors);
    app.get("/v1/whoami", { config: { forUsers: true } }, async (request) => callerOf(request));
    await app.listen({ host: "127.0.0.1", port: 0 });
    const { port } = app.server.address() as AddressInfo;
    return {
      asked,
      change(known: Record<string, string>) {
        names = tokenNames(Object.entries(known).map(([name, token]) => ({ name, token })));
        state = {};
      },
      /** A client with one connection of its own. */
      client() {
        const agent = new Agent({ keepAlive: true, maxSockets: 1 });
        return async (authorization?: string) => {
          const sent = request({ agent, port, path: "/v1/whoami", headers: authorization === undefined ? {} : { authorization } });
          sent.end();
          const [answer] = (await once(sent, "response")) as [IncomingMessage];
          const text = Buffer.concat(await Array.fromAsync(answer as AsyncIterable<Buffer>)).toString();
          return answer.statusCode === 200 ? text : answer.statusCode;
        };
      },
      [Symbol.asyncDispose]: () => app.close(),
    };
  }

  it("is asked for its token once, as long as it sends the same and no token changes", async () => {
    await using test = await listening();
    test.change({ one: "token-of-one", two: "token-of-two" });
    const [a, b] = [test.client(), test.client()];
    for (let n = 0; n < 3; n++) expect(await a("Bearer token-of-one")).toBe("one");
    expect(test.asked).toEqual(["token-of-one"]);
    expect(await b("Bearer token-of-one")).toBe("one");
    expect(test.asked).toHaveLength(2);
    expect(await a("token-of-one")).toBe("one");
    expect(await a("Bearer token-of-two")).toBe("two");
    expect(await a("Bearer token-of-one")).toBe("one");
    expect(test.asked).toHaveLength(5);
  });

  it("is let in with nothing but a good token, whatever it sent before", async () => {
    await using test = await listening();
    test.change({ one: "token-of-one" });
    const ask = test.client();
    for (const wrong of [
      "Bearer token-of-on",
      "Bearer token-of-one1",
      "Bearer Token-of-one",
      "Bearer ",
      "Bearer token-of-two",
      undefined,
    ]) {
      expect(await ask("Bearer token-of-one")).toBe("one");
      expect(await ask(wrong)).toBe(401);
    }
  });

  it("is refused, or another's, with the first request after the tokens changed", async () => {
    await using test = await listening();
    const ask = test.client();
    test.change({ one: "a-token" });
    expect(await ask("Bearer a-token")).toBe("one");
    test.change({});
    for (let n = 0; n < 2; n++) expect(await ask("Bearer a-token")).toBe(401);
    test.change({ another: "a-token" });
    expect(await ask("Bearer a-token")).toBe("another");
  });

  it("has a user's token looked at with each request", async () => {
    let isGood = true;
    await using test = await listening({ callerOf: async (token) => (isGood ? { name: `a/${token}`, verbs: new Set() } : undefined) });
    const ask = test.client();
    for (let n = 0; n < 2; n++) expect(await ask("Bearer user")).toBe("a/user");
    isGood = false;
    expect(await ask("Bearer user")).toBe(401);
  });
});
