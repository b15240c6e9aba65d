import { once } from "node:events";
import { createServer } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Connection } from "../../../bench/load/connection.ts";

// Says on which connection each body came; the path says how it answers.
const sockets: unknown[] = [];
const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  if (!sockets.includes(request.socket)) sockets.push(request.socket);
  const body = `${sockets.indexOf(request.socket)} ${request.method} ${request.headers["x-key"]} ${Buffer.concat(chunks)}`;
  if (request.url === "/close") response.setHeader("connection", "close");
  if (request.url === "/cut") {
    response.writeHead(200, { "content-length": 100 });
    response.write("half");
    setImmediate(() => request.socket.destroy());
    return;
  }
  if (request.url === "/chunked") for (const each of body) response.write(each);
  response.end(request.url === "/chunked" ? "" : body);
});
let url = "";
beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
});
afterAll(() => server.close());

describe("Connection", () => {
  it("keeps one connection for all requests, and opens another when the server closed it", async () => {
    using connection = new Connection(url);
    const ask = async (path: string) => {
      const { status, body } = await connection.send(connection.bytesOf("POST", path, { "x-key": "k" }, "ä"));
      return `${status} ${body}`;
    };
    expect(await ask("/")).toBe("200 0 POST k ä");
    expect(await ask("/chunked")).toBe("200 0 POST k ä");
    expect(await ask("/close")).toBe("200 0 POST k ä");
    expect(await ask("/")).toBe("200 1 POST k ä");
    expect((await connection.send(connection.bytesOf("GET", "/", {}))).body.toString()).toMatch(/^\d GET/);
    await expect(ask("/cut")).rejects.toThrow("broke within");
    expect(await ask("/")).toBe("200 2 POST k ä");
  });

  it("streams a body in pieces and gives the answer on as it comes", async () => {
    using connection = new Connection(url);
    const piece = Buffer.alloc(300_000, "x");
    let bytes = 0;
    const sending = { bytes: 5 * piece.length, pieces: Array.from({ length: 5 }, () => piece) };
    const answered = await connection.stream("/", { "x-key": "k" }, sending, (each) => {
      bytes += each.length;
    });
    expect(answered.body.length).toBe(0);
    expect(bytes).toBeGreaterThan(1_500_000);
    expect((await connection.stream("/", { "x-key": "k" }, sending)).body.length).toBe(bytes);
  });

  it("tells why nothing can be had", async () => {
    using connection = new Connection("http://127.0.0.1:1");
    await expect(connection.send(connection.bytesOf("GET", "/", {}))).rejects.toThrow(/ECONNREFUSED/);
  });
});
