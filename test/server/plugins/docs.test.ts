import { describe, expect, it } from "vitest";
import { PROBLEM_TYPE } from "../../../server/plugins/problem.ts";
import { bearer, testApp } from "./app.ts";

describe("the description of the API", () => {
  it("is OpenAPI 3.1 and tells of every route, what it answers and how it fails", async () => {
    await using test = await testApp();
    const { openapi, info, paths, security } = (await test.app.inject({ url: "/openapi.json", headers: bearer })).json();
    expect([openapi, info.version, security]).toEqual(["3.1.0", "1.2.3", [{ bearer: [] }]]);
    const told = Object.entries<Record<string, object>>(paths).flatMap(([path, verbs]) =>
      Object.keys(verbs).map((verb) => `${verb} ${path}`),
    );
    expect(told.sort()).toEqual([
      "delete /v1/algorithms/{name}",
      "delete /v1/datasets/{name}",
      "delete /v1/models/{name}",
      "delete /v1/models/{name}/versions/{version}",
      "delete /v1/versions/{algorithm}/{version}",
      "get /health/live",
      "get /health/ready",
      "get /login",
      "get /metrics",
      "get /v1/algorithms",
      "get /v1/algorithms/{name}",
      "get /v1/datasets",
      "get /v1/datasets/{name}",
      "get /v1/events",
      "get /v1/models",
      "get /v1/models/{name}",
      "get /v1/models/{name}/versions",
      "get /v1/models/{name}/versions/{version}",
      "get /v1/runs",
      "get /v1/runs/{id}",
      "get /v1/versions",
      "get /v1/versions/{algorithm}/{version}",
      "post /v1/algorithms",
    ]);
    for (const verbs of Object.values<Record<string, { summary?: string; responses: object }>>(paths)) {
      for (const { summary, responses } of Object.values(verbs)) {
        expect(summary).toEqual(expect.any(String));
        expect(responses).toMatchObject({ default: { content: { "application/problem+json": {} } } });
      }
    }
    expect(paths["/v1/runs"].get.parameters.map(({ name }: { name: string }) => name)).toEqual([
      "algorithm",
      "state",
      "search",
      "before",
      "limit",
      "cursor",
    ]);
  });

  it("resolves all that it refers to, and has patterns for any language", async () => {
    await using test = await testApp();
    const { payload } = await test.app.inject({ url: "/openapi.json", headers: bearer });
    const document = JSON.parse(payload, (key, value) => {
      // Not every language knows classes of Unicode, and JSON Schema has no flag for them.
      if (key === "pattern" && typeof value === "string") expect(value).not.toMatch(/\\p\{|\(\?<[!=]/);
      return value;
    });
    for (const [, path = ""] of payload.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const found = path.split("/").reduce((node: Record<string, unknown> | undefined, name) => node?.[name] as typeof node, document);
      expect(found, path).toBeDefined();
    }
  });

  it("is shown on a page whose parts are all ours and allowed by its policy", async () => {
    await using test = await testApp();
    const page = await test.app.inject({ url: "/docs", headers: bearer });
    expect(page.statusCode).toBe(200);
    const policy = String(page.headers["content-security-policy"]);
    expect(policy).toContain("default-src 'self'");
    const parts = Array.from(page.payload.matchAll(/(?:src|href)="([^"]+)"/g), ([, address]) => address!);
    expect(parts.length).toBeGreaterThan(3);
    expect(page.payload).not.toMatch(/<script(?![^>]*src=)[^>]*>\s*\S/);
    for (const part of parts) {
      expect(part).toMatch(/^\.?\/(?!\/)/);
      const { statusCode } = await test.app.inject({ url: new URL(part, "http://x/docs").pathname, headers: bearer });
      expect(statusCode, part).toBe(200);
    }
  });

  it.each(["/docs/static/nothing.js", "/docs/static/..%2f..%2fpackage.json"])("has nothing else beside it: %s", async (url) => {
    await using test = await testApp();
    const answer = await test.app.inject({ url, headers: bearer });
    expect([answer.statusCode, answer.headers.allow]).toEqual([404, undefined]);
    expect(answer.headers["content-type"]).toContain(PROBLEM_TYPE);
    expect(answer.json()).toMatchObject({ code: "NOT_FOUND", status: 404 });
    const wrong = await test.app.inject({ method: "DELETE", url, headers: bearer });
    expect([wrong.statusCode, wrong.headers.allow]).toEqual([405, "GET, HEAD"]);
  });
});
