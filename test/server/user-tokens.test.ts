import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Run } from "#contract/run.ts";
import { userTokens } from "../../server/plugins/user-tokens.ts";
import { type TestBridge, testBridge } from "./support/bridge.ts";

describe("a user's token", () => {
  let test: TestBridge;
  let splunk: string;
  beforeAll(async () => {
    test = await testBridge();
    splunk = ((await (await post("/v1/tokens", { name: "splunk" })).json()) as { token: string }).token;
    await test.save("echo.ipynb", ["def apply(model, df, param):\n    return df", "def score(model, df, param):\n    return df"]);
    await call("apply", test.bridge.token);
  });
  afterAll(() => test[Symbol.asyncDispose]());

  const post = (path: string, body: unknown, token = test.bridge.token) =>
    test.ask(path, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    });
  const call = (method: string, token: string) =>
    test.compute({ algorithm: "echo", method }, "a\n1\n", {
      headers: { authorization: `Bearer ${token}`, "compute-search": `s-${method}` },
    });
  const issued = async (verbs: string[], seconds = 60) => {
    const answer = await post("/v1/tokens", { user: "alice", verbs, seconds }, splunk);
    return ((await answer.json()) as { token: string }).token;
  };

  it("does what it was made for, in the user's name, and nothing else", async () => {
    const token = await issued(["apply"]);
    expect((await call("apply", token)).status).toBe(200);
    const [run] = (await (await test.ask("/v1/runs?search=s-apply")).json()) as Run[];
    expect(run?.caller).toBe("splunk/alice");
    for (const method of ["fit", "summary", "score"]) {
      expect(await (await call(method, token)).json()).toMatchObject({ code: "FORBIDDEN", detail: expect.stringContaining("apply") });
    }
    expect((await call("score", await issued(["call"]))).status).toBe(200);
    expect(
      (await test.compute({ mode: "stage", model_name: "d" }, "a\n1\n", { headers: { authorization: `Bearer ${token}` } })).status,
    ).toBe(403);
  });

  it("reaches no other address", async () => {
    const token = await issued(["apply", "fit", "stage", "summary", "call"]);
    for (const path of ["/v1/runs", "/v1/algorithms", "/v1/tokens", "/docs/json", "/metrics", "/v1/nothing"]) {
      expect((await test.ask(path, { headers: { authorization: `Bearer ${token}` } })).status, path).toBe(403);
    }
    expect((await post("/v1/tokens", { user: "bob", verbs: ["fit"], seconds: 60 }, token)).status).toBe(403);
    expect((await post("/fit", {}, token)).status).toBe(403);
  });

  it("ends with its time, with the token that vouched for it, and with any change of its text", async () => {
    const token = await issued(["apply"]);
    const [head, payload, signature] = token.split(".");
    const claims = JSON.parse(Buffer.from(payload ?? "", "base64url").toString()) as object;
    const forged = Buffer.from(JSON.stringify({ ...claims, scope: "fit" })).toString("base64url");
    const unsigned = Buffer.from('{"alg":"none"}').toString("base64url");
    for (const wrong of [`${head}.${forged}.${signature}`, `${unsigned}.${payload}.`, `${head}.${payload}.`, "a.b.c"]) {
      expect((await call("apply", wrong)).status, wrong).toBe(401);
    }
    await test.ask("/v1/tokens/splunk", { method: "DELETE" });
    expect((await call("apply", token)).status).toBe(401);
    splunk = ((await (await post("/v1/tokens", { name: "splunk" })).json()) as { token: string }).token;
    // Of the same name, and another token.
    expect((await call("apply", token)).status).toBe(401);
  });

  it("is refused for nobody, for nothing and for ever", async () => {
    for (const wrong of [
      { user: "", verbs: ["apply"], seconds: 60 },
      { user: "a", verbs: [], seconds: 60 },
      { user: "a", verbs: ["everything"], seconds: 60 },
      { user: "a", verbs: ["apply"], seconds: 1e9 },
      { user: "a\nb", verbs: ["apply"], seconds: 60 },
    ]) {
      expect((await post("/v1/tokens", wrong, splunk)).status, JSON.stringify(wrong)).toBe(400);
    }
  });
});

it("a user's token is good until its time is over", async () => {
  let now = Date.parse("2026-01-01T00:00:00Z");
  let voucher = "first";
  const tokens = userTokens(
    "k".repeat(43),
    (name) => (name === "splunk" ? voucher : undefined),
    () => now,
  );
  const issued = await tokens.issue({ user: "alice", verbs: ["fit"], seconds: 60 }, "splunk");
  expect(issued?.expiresAt).toBe("2026-01-01T00:01:00.000Z");
  now += 59_000;
  expect(await tokens.callerOf(issued?.token ?? "")).toEqual({ name: "splunk/alice", verbs: new Set(["fit"]) });
  voucher = "made again";
  expect(await tokens.callerOf(issued?.token ?? "")).toBeUndefined();
  voucher = "first";
  now += 2_000;
  expect(await tokens.callerOf(issued?.token ?? "")).toBeUndefined();
  expect(await tokens.issue({ user: "alice", verbs: ["fit"], seconds: 60 }, "browser")).toBeUndefined();
});
