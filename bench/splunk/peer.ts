import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";

// A bridge that computes nothing: it gives rows back as they came, so that what is measured is the command. Prints its address.

const T = 0x54;
const D = 0x44;
const FRAMES = "application/vnd.compute-bridge.frames";

function receipt(method: string, rows: number) {
  return {
    ...{ run: "bench", algorithm: "bench", version: "0", method, model: null, dataset: null, environment: "default", device: "cpu" },
    rows: { sent: null, received: rows, used: rows, returned: rows },
    bytes: { received: 0, returned: 0 },
    seconds: { queued: 0, loading: 0, computing: 0, total: 0 },
    notes: [],
  };
}

function frame(kind: number, ...payload: Buffer[]): Buffer[] {
  const header = Buffer.alloc(5);
  header[0] = kind;
  header.writeUInt32BE(
    payload.reduce((sum, each) => sum + each.length, 0),
    1,
  );
  return [header, ...payload];
}

const done = (method: string) => frame(D, Buffer.from(JSON.stringify({ receipt: receipt(method, 0) })));

async function bytesOf(request: IncomingMessage): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return chunks;
}

async function dropped(request: IncomingMessage): Promise<Buffer[]> {
  for await (const _ of request);
  return [];
}

/** What the T frames of a body hold. */
function tableIn(body: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length; at += 5 + body.readUInt32BE(at + 1))
    if (body[at] === T) parts.push(body.subarray(at + 5, at + 5 + body.readUInt32BE(at + 1)));
  return Buffer.concat(parts);
}

/** Frames of about 2 MB, each with the header and whole records. The rows of the bench have no line ends in quotes. */
function* cut(table: Buffer): Generator<Buffer> {
  const first = table.indexOf("\n") + 1;
  const header = table.subarray(0, first);
  for (let at = first; at < table.length; ) {
    const end = at + 2 ** 21 >= table.length ? table.length : table.lastIndexOf("\n", at + 2 ** 21) + 1;
    yield* frame(T, header, table.subarray(at, end));
    at = end;
  }
}

function json(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
}

const server = createServer({ keepAlive: true }, async (request, response) => {
  const url = new URL(request.url ?? "/", "http://peer");
  if (url.pathname === "/v1/tokens") {
    const { user, verbs } = JSON.parse(await text(request)) as { user: string; verbs: string[] };
    return json(response, 201, { token: "bench-token", user, verbs, expiresAt: new Date(Date.now() + 3_600_000).toISOString() });
  }
  if (url.pathname === "/v1/runs") {
    request.resume();
    const algorithm = url.searchParams.get("algorithm");
    const isWhole = algorithm === "whole";
    const known = { algorithm: "bench", version: "0", notes: [] };
    return isWhole
      ? json(response, 200, { run: null, rows: "whole", ...known })
      : json(response, 201, { run: algorithm, rows: "parts", ...known });
  }
  const isDropped = url.pathname.startsWith("/v1/runs/drop/");
  const body = isDropped ? await dropped(request) : await bytesOf(request);
  if (url.pathname.endsWith("/end")) return json(response, 200, { receipt: receipt("apply", 0) });
  if (url.pathname.endsWith("/cancel")) return response.writeHead(204).end();
  response.writeHead(200, { "content-type": FRAMES });
  if (isDropped) response.write(Buffer.concat(frame(T, Buffer.from("a\n1\n"))));
  else if (url.pathname.includes("/parts/")) for (const each of frame(T, ...body)) response.write(each);
  else for (const each of cut(tableIn(Buffer.concat(body)))) response.write(each);
  for (const each of done("apply")) response.write(each);
  return response.end();
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  console.log(`http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`);
});
process.once("SIGTERM", () => process.exit(0));
