import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { runCommand } from "./command-line.ts";

interface Asked {
  readonly limit: number;
  readonly cursor: string | null;
}
type Answer = (asked: Asked) => unknown;

let server: Server | undefined;
afterEach(() => server?.close());

/** Lists tokens as `answer` says, and remembers what it was asked. */
async function lists(answer: Answer) {
  const asked: Asked[] = [];
  server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? "", "http://here");
    asked.push({ limit: Number(searchParams.get("limit")), cursor: searchParams.get("cursor") });
    response.setHeader("content-type", "application/json").end(JSON.stringify(answer(asked.at(-1) as Asked)));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const run = async (...args: string[]) => {
    const { code, out, err } = await runCommand(["tokens", ...args], { env: { BRIDGE_URL: url, BRIDGE_TOKEN: "t".repeat(20) } });
    return { code, err, rows: out.trim().split("\n").slice(1).length, last: out.trim().split("\n").at(-1)?.split(" ")[0] };
  };
  return { run, asked };
}
const rows = (from: number, to: number) =>
  Array.from({ length: Math.max(0, to - from) }, (_, at) => ({ name: `t${from + at}`, createdAt: "2026-01-31T00:00:00.000Z" }));

/** A list of `length` in pages, as the API gives them. */
const paged =
  (length: number): Answer =>
  ({ limit, cursor }) => {
    const from = Number(cursor);
    const to = Math.min(length, from + limit);
    return { tokens: rows(from, to), next: to < length ? String(to) : null };
  };

describe("a list", () => {
  it("says when it stops before its end", async () => {
    const { run, asked } = await lists(paged(101));
    expect(await run()).toEqual({ code: 0, rows: 100, last: "t99", err: "100 of more: --limit N or --all\n" });
    expect(await run("--limit", "7")).toMatchObject({ rows: 7, err: "7 of more: --limit N or --all\n" });
    expect(asked).toEqual([
      { limit: 100, cursor: "" },
      { limit: 7, cursor: "" },
    ]);
  });

  it("says nothing when that was all", async () => {
    const { run } = await lists(paged(100));
    expect(await run()).toMatchObject({ rows: 100, err: "" });
    expect(await run("--limit", "1000")).toMatchObject({ rows: 100, err: "" });
  });

  it("goes on over pages as far as was asked", async () => {
    const { run, asked } = await lists(paged(2500));
    expect(await run("--limit", "1001")).toMatchObject({ rows: 1001, last: "t1000", err: "1001 of more: --limit N or --all\n" });
    expect(asked).toEqual([
      { limit: 1000, cursor: "" },
      { limit: 1, cursor: "1000" },
    ]);
    expect(await run("--all")).toMatchObject({ code: 0, rows: 2500, last: "t2499", err: "" });
  });

  it("is whole when the bridge knows no pages", async () => {
    const { run } = await lists(() => rows(0, 150));
    expect(await run("--all")).toMatchObject({ rows: 150, err: "" });
    expect(await run()).toMatchObject({ rows: 100, err: "100 of more: --limit N or --all\n" });
  });

  it("ends when the pages go in a circle, and when the answer is no list", async () => {
    const circle = await lists(() => ({ tokens: rows(0, 1), next: "again" }));
    expect(await circle.run("--all")).toMatchObject({ code: 1, err: expect.stringMatching(/^The list does not go on/) });
    server?.close();
    const none = await lists(() => ({ hello: "world" }));
    expect(await none.run()).toMatchObject({ code: 1, err: expect.stringMatching(/^What answers at .* is no bridge/) });
  });
});
