import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { connect as tlsConnect } from "node:tls";
import { describe, expect, it } from "vitest";
import { httpServer } from "../../server/http-server.ts";
import { openAuthority } from "../../server/tls/authority.ts";

const limits = { headersMs: 3000, lookMs: 50 };
const half = "POST / HTTP/1.1\r\nHost: x\r\nX-A: ";
const whole = (body: string) => `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n`;

describe.each(["HTTP", "TLS"])("connections of %s", (kind) => {
  it("end when headers do not come", async () => {
    await using server = await listening(kind, async (request, response) => void response.end(await text(request)));
    const kept = await server.open();
    expect(await answerTo(kept, `${whole("abc")}abc`)).toMatch(/^HTTP\/1.1 200 .*abc$/s);
    kept.write(half);
    const begun = await server.open();
    begun.write(half);
    const [silent, handshake] = [await server.open(), server.bare()];
    await Promise.all([kept, silent, begun, handshake].map(ended));
  });

  it("stay when a body, its answer or the next request takes longer", async () => {
    const { promise: computed, resolve: compute } = Promise.withResolvers<void>();
    await using server = await listening(kind, async (request, response) => {
      const body = await text(request);
      if (body === "slow") await computed;
      response.end(body);
    });
    const sending = await server.open();
    sending.write(`${whole("abcdef")}abc`);
    const computing = await server.open();
    computing.write(`${whole("slow")}slow`);
    const kept = await server.open();
    await answerTo(kept, whole(""));
    for (let looks = 0; looks < 2; looks++) await ended(await server.open());
    compute();
    const answers = [answerTo(sending, "def"), answerTo(computing, ""), answerTo(kept, `${whole("next")}next`)];
    expect((await Promise.all(answers)).map((each) => each.split("\r\n\r\n")[1])).toEqual(["abcdef", "slow", "next"]);
  });
});

async function listening(kind: string, handler: (request: IncomingMessage, response: ServerResponse) => Promise<void>) {
  const folder = await mkdtemp(join(tmpdir(), "http-"));
  const tls = kind === "TLS" ? await (await openAuthority(folder, Date.now)).certify(["localhost"]) : null;
  const server = httpServer((request, response) => void handler(request, response), { tls, ...limits });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const bare = () => connect(port, "127.0.0.1");
  return {
    bare,
    async open(): Promise<Socket> {
      const socket = tls ? tlsConnect({ port, host: "127.0.0.1", rejectUnauthorized: false }) : bare();
      await once(socket, tls ? "secureConnect" : "connect");
      return socket;
    },
    async [Symbol.asyncDispose]() {
      server.close().closeAllConnections();
      await rm(folder, { recursive: true });
    },
  };
}

async function ended(socket: Socket): Promise<void> {
  socket.resume().on("error", () => {}); // reset, or closed: both are an end
  if (!socket.closed) await new Promise<void>((resolve) => socket.once("close", () => resolve()));
}

async function answerTo(socket: Socket, sent: string): Promise<string> {
  socket.write(sent);
  const [answer] = await once(socket, "data");
  return String(answer);
}
