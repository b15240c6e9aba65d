import { once } from "node:events";
import { type AddressInfo, connect, type Socket } from "node:net";
import { pino } from "pino";
import { expect, it } from "vitest";
import { buildServer, type ServerParts } from "../../../server/server.ts";

/** Nothing behind the refusal is reached, so there is nothing. */
const parts = {
  logger: pino({ enabled: false }),
  tls: null,
  store: {},
  compute: {},
  dsdl: {},
  dltk: {},
  algorithms: {},
  deletions: {},
  health: {},
};

it("a server that closes refuses what comes on connections that it had, in the form of each address, and ends", async () => {
  const app = await buildServer(parts as unknown as ServerParts);
  await app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const begun = (verb: string, path: string) => requestBegun(port, `${verb} ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n`);
  const problem = { type: "application/problem+json; charset=utf-8", text: /"code":"STOPPING"/ };
  const asked = [
    { socket: await begun("POST", "/v1/compute?algorithm=a"), ...problem },
    { socket: await begun("GET", "/health/live"), ...problem },
    { socket: await begun("GET", "/v1/nothing"), ...problem },
    { socket: await begun("POST", "/fit"), ...problem },
    { socket: await begun("POST", "/dltk/a-token/fit"), type: "text/plain; charset=utf-8", text: /^The bridge is being stopped/ },
  ];
  const closed = app.close();
  await expect.poll(() => app.server.listening).toBe(false);
  for (const { socket, type, text } of asked) {
    const [head = "", body] = (await restOf(socket)).split("\r\n\r\n");
    expect(head).toMatch(/^HTTP\/1.1 503 /);
    expect(head.toLowerCase().split("\r\n")).toEqual(
      expect.arrayContaining(["connection: close", "retry-after: 5", `content-type: ${type}`]),
    );
    expect(body).toMatch(text);
  }
  await closed;
});

/** A connection whose first request was answered, and whose second one lacks its end: no server closes that one as idle. */
async function requestBegun(port: number, head: string): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.write(`GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n${head}`);
  const [answer] = await once(socket, "data");
  expect(String(answer)).toMatch(/^HTTP\/1.1 200 /);
  return socket;
}

/** Ends the request; all that comes until the server closes the connection. */
async function restOf(socket: Socket): Promise<string> {
  socket.write("\r\n");
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  return text;
}
