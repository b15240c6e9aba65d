import { request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { Writable } from "node:stream";
import Fastify, { type FastifyInstance } from "fastify";
import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { CodeFailed, NotFound, QueueFull } from "#contract/errors.ts";
import { errors } from "../../../server/plugins/errors.ts";

describe("errors as answers", () => {
  let lines: string[] = [];
  let app: FastifyInstance;
  const place = { algorithm: "iris", version: "0", phase: "fit", type: "KeyError", cell: 4, line: 2, traceback: "Traceback" };

  beforeEach(async () => {
    lines = [];
    const stream = new Writable({
      write(chunk, _encoding, done) {
        lines.push(String(chunk));
        done();
      },
    });
    app = Fastify({ logger: { level: "error", stream }, bodyLimit: 100 });
    app.setValidatorCompiler(validatorCompiler).setSerializerCompiler(serializerCompiler);
    await app.register(errors);
    const fail = (url: string, error: () => unknown) =>
      app.get(url, async () => {
        throw error();
      });
    fail("/v1/code", () => new CodeFailed("'x'", place));
    fail("/v1/full", () => new QueueFull("iris", 64, 3));
    fail("/v1/near", () => new NotFound("algorithm", "iriss", ["iris"]));
    fail("/v1/broken", () => new Error("secret text"));
    fail("/v1/odd", () => "not even an error");
    app.get("/v1/run", async (_request, reply) => {
      reply.header("compute-run", "run-000001");
      throw new QueueFull("iris", 64, 3);
    });
    const body = z.object({ name: z.string(), deep: z.array(z.object({ n: z.int() })) });
    app.post(
      "/v1/things/:id",
      { schema: { body, querystring: z.object({ limit: z.coerce.number().max(5).optional() }) } },
      async () => "ok",
    );
    app.get("/v1/wrong", { schema: { response: { 200: z.object({ n: z.int() }) } } }, async () => ({ n: "x" }));
    app.get("/", async () => "");
    app.post("/fit", async () => "");
    await app.ready();
  });
  afterEach(() => app.close());

  it("are problems that say what happened and what to do", async () => {
    const answer = await app.inject("/v1/near");
    expect(answer.statusCode).toBe(404);
    expect(answer.headers["content-type"]).toMatch(/^application\/problem\+json/);
    expect(answer.json()).toEqual({
      type: "urn:compute-bridge:error:NOT_FOUND",
      title: "Not found",
      status: 404,
      detail: 'There is no algorithm named "iriss".',
      code: "NOT_FOUND",
      hint: "Use one of: iris.",
    });
  });

  it("carry their details beside the members of RFC 9457, which keep their meaning", async () => {
    const body = (await app.inject("/v1/code")).json();
    expect(body).toMatchObject({
      type: "urn:compute-bridge:error:CODE_FAILED",
      exception: "KeyError",
      cell: 4,
      line: 2,
      traceback: "Traceback",
    });
  });

  it("say when to try again, and name the run", async () => {
    const answer = await app.inject("/v1/run");
    expect(answer.headers["retry-after"]).toBe("3");
    expect(answer.json()).toMatchObject({ code: "QUEUE_FULL", instance: "/v1/runs/run-000001" });
  });

  it.each([
    [{ name: 1, deep: [] }, "body.name"],
    [{ name: "", deep: [{ n: 1 }, { n: 0.5 }] }, "body.deep.1.n"],
  ])("name the field of %j", async (payload, field) => {
    const answer = await app.inject({ method: "POST", url: "/v1/things/1", payload });
    expect(answer.json()).toMatchObject({ code: "BAD_CALL", status: 400, detail: expect.stringContaining(`${field}: `) });
  });

  it("name the parameter of the query", async () => {
    const answer = await app.inject({ method: "POST", url: "/v1/things/1?limit=9", payload: { name: "", deep: [] } });
    expect(answer.json()).toMatchObject({ code: "BAD_CALL", detail: expect.stringContaining("querystring.limit: ") });
  });

  it.each([
    ["a body that is too large", { payload: { name: "x".repeat(200), deep: [] } }, 413, "TOO_LARGE"],
    ["a body that is no JSON", { payload: "{", headers: { "content-type": "application/json" } }, 400, "BAD_CALL"],
    ["a media type that nobody reads", { payload: "x", headers: { "content-type": "image/png" } }, 415, "BAD_CALL"],
  ])("tell of %s", async (_what, options, status, code) => {
    const answer = await app.inject({ method: "POST", url: "/v1/things/1", ...options });
    expect(answer.statusCode).toBe(status);
    expect(answer.json()).toMatchObject({ code, status, hint: expect.any(String) });
  });

  it.each(["/v1/broken", "/v1/odd", "/v1/wrong"])("of the bridge itself are logged, and shown as a number alone: %s", async (url) => {
    const answer = await app.inject(url);
    const { request, ...body } = answer.json();
    expect(answer.statusCode).toBe(500);
    expect(body).toMatchObject({ code: "INTERNAL", hint: expect.stringContaining(request) });
    expect(answer.payload).not.toContain("secret");
    expect(lines.join("")).toContain(request);
  });

  it.each([
    ["GET", "/nothing", 404, { detail: "Not Found" }, undefined],
    ["GET", "/fit", 405, { detail: "Method Not Allowed" }, "POST"],
    ["DELETE", "/?a=b", 405, { detail: "Method Not Allowed" }, "GET, HEAD"],
  ] as const)("at DSDL's addresses are as DSDL's: %s %s", async (method, url, status, body, allow) => {
    const answer = await app.inject({ method, url });
    expect(answer.statusCode).toBe(status);
    expect(answer.json()).toEqual(body);
    expect(answer.headers.allow).toBe(allow);
  });

  it.each([
    ["GET", "/v1/nothing", 404, "NOT_FOUND", undefined],
    ["GET", "/v1", 404, "NOT_FOUND", undefined],
    ["DELETE", "/v1/things/a%20b?c=d", 405, "BAD_CALL", "POST"],
    ["POST", "/v1/run", 405, "BAD_CALL", "GET, HEAD"],
  ] as const)("at our own are problems: %s %s", async (method, url, status, code, allow) => {
    const answer = await app.inject({ method, url });
    expect(answer.statusCode).toBe(status);
    expect(answer.json()).toMatchObject({ code, status });
    expect(answer.headers.allow).toBe(allow);
  });

  it("reach a client that announces more than may be sent before it sends", async () => {
    await app.listen({ port: 0, host: "127.0.0.1" });
    const { port } = app.server.address() as AddressInfo;
    const headers = { "content-type": "application/json", "content-length": 10_000 };
    const sent = httpRequest({ port, host: "127.0.0.1", method: "POST", path: "/v1/things/1", headers });
    const status = new Promise((resolve, reject) => sent.once("response", ({ statusCode }) => resolve(statusCode)).once("error", reject));
    sent.flushHeaders();
    expect(await status).toBe(413);
    sent.destroy();
  });
});
