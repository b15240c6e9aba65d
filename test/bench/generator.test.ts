import { once } from "node:events";
import { createServer } from "node:http";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startGenerator } from "../../bench/load/generator.ts";
import type { Calls, Target } from "../../bench/load/job.ts";

// Answers each body with itself; the body "other" with another's, "late" with a status that is no success.
const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString();
  response.statusCode = body === "late" ? 503 : 200;
  response.end(request.headers.accept === "json" ? JSON.stringify({ results: body }) : body === "other" ? "mine" : body);
});
let url = "";
beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
});
afterAll(() => server.close());

it("sends every case in turn and counts answers that are not its own", async () => {
  await using generator = startGenerator();
  const run = (form: Target["form"], bodies: readonly string[], connections = 1): Promise<Calls> =>
    generator.run({
      kind: "small",
      target: { url, headers: { accept: form }, form },
      cases: bodies.map((body) => ({ path: "/", body, results: body })),
      connections,
      enough: { calls: 40 },
    });
  const right = await run("csv", ["a", "b"], 8);
  expect({ calls: right.ms.length, wrong: right.wrong, firstWrong: right.firstWrong }).toEqual({ calls: 40, wrong: 0, firstWrong: null });
  expect((await run("json", ["a", "b"])).wrong).toBe(0);
  const wrong = await run("csv", ["a", "other", "late", "b"], 3);
  expect(wrong.wrong).toBe(20);
  expect(wrong.firstWrong).toBe("200 mine");
  await expect(
    generator.run({
      kind: "small",
      target: { url: "http://127.0.0.1:1", headers: {}, form: "csv" },
      cases: [{ path: "/", body: "", results: "" }],
      connections: 1,
      enough: { calls: 1 },
    }),
  ).rejects.toThrow(/ECONNREFUSED/);
});
