import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer as createSecureServer, request } from "node:https";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { type SecureVersion, TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestBridge, testBridge } from "../server/support/bridge.ts";
import { byRows, double } from "./algorithms.ts";
import { type Authority, makeAuthority } from "./splunkd/certificate.ts";
import { python, pythons } from "./splunkd/pythons.ts";
import { expectSentence } from "./splunkd/sentence.ts";
import { playSplunkd } from "./splunkd/splunkd.ts";

// A bridge that serves HTTPS with a certificate of a company's own authority.
let folder: string;
let ours: Authority;
let other: Authority;
let test: TestBridge;
const rows = [{ a: "1" }, { a: "2" }];
const apply = "compute algorithm=double method=apply";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tls-"));
  [ours, other] = [await makeAuthority(folder, "ours"), await makeAuthority(folder, "other")];
  const { certFile, keyFile } = await ours.sign("bridge", ["DNS:localhost"]);
  test = await testBridge({ BRIDGE_TLS_CERT: certFile, BRIDGE_TLS_KEY: keyFile });
  await test.save("double.ipynb", double, byRows);
});
afterAll(async () => {
  await test[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const port = () => new URL(test.bridge.url).port;

async function search(python: string, address: string, ca: string) {
  await using splunkd = await playSplunkd({ python, bridge: { address, token: test.bridge.token, ca } });
  const result = await splunkd.search({ command: apply, chunks: [rows] });
  expect(await splunkd.leaks([result], [])).toEqual([]);
  return result;
}

it.each(pythons)("a search reaches it by its name, under Python $version", async ({ python }) => {
  const result = await search(python, `https://localhost:${port()}`, ours.ca);
  expect([result.error, result.rows.map((each) => Number(each.twice))]).toEqual([undefined, [2, 4]]);
});

describe.each([pythons.at(0), pythons.at(-1)].filter((each) => each !== undefined))("under Python $version", ({ python }) => {
  it("a name that is not the certificate's is one clear sentence", async () => {
    expectSentence(await search(python, `https://127.0.0.1:${port()}`, ours.ca), /certificate.*127\.0\.0\.1|127\.0\.0\.1.*certificate/i);
  });

  it("so is an authority that the settings do not name", async () => {
    expectSentence(await search(python, `https://localhost:${port()}`, other.ca), /certificate/i);
    expectSentence(await search(python, `https://localhost:${port()}`, ""), /certificate/i);
  });

  it("so is a file of authorities that is not there, or holds none", async () => {
    const missing = join(folder, "nowhere.pem");
    expectSentence(await search(python, `https://localhost:${port()}`, missing), /nowhere\.pem/);
    expectSentence(await search(python, `https://localhost:${port()}`, join(import.meta.dirname, "tls.test.ts")), /tls\.test\.ts/);
  });

  it("so is HTTPS to a port that speaks none", async () => {
    await using plain = await testBridge();
    expectSentence(await search(python, `https://localhost:${new URL(plain.bridge.url).port}`, ours.ca), /TLS|HTTPS|SSL/i);
  });

  it("so is a server that knows no TLS from 1.2 on", async () => {
    const server = await speaking("TLSv1.1");
    expectSentence(await search(python, `https://localhost:${server.port}`, ours.ca), /TLS|SSL/i);
    server.close();
  });
});

it.each([
  ["for another name", () => ours.sign("elsewhere", ["DNS:bridge.example"])],
  ["of an authority that is not ours", () => other.sign("elsewhere", ["DNS:localhost"])],
])("the command checks for itself: after the token came, the server has a certificate %s", async (_, make) => {
  const [good, bad] = [await ours.sign("good", ["DNS:localhost"]), await make()];
  await using plain = await testBridge();
  const paths: string[] = [];
  const server = createSecureServer({ cert: good.cert, key: good.key }, async (asked, answer) => {
    paths.push(asked.url ?? "");
    const said = await plain.ask("/v1/tokens", {
      method: "POST",
      body: await text(asked),
      headers: { "content-type": "application/json" },
    });
    server.setSecureContext({ cert: bad.cert, key: bad.key });
    answer.writeHead(said.status, { "content-type": "application/json", connection: "close" }).end(await said.text());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const bridge = {
    address: `https://localhost:${typeof address === "object" ? address?.port : ""}`,
    token: plain.bridge.token,
    ca: ours.ca,
  };
  await using splunkd = await playSplunkd({ python, bridge });
  expectSentence(await splunkd.search({ command: apply, chunks: [rows] }), /certificate/i);
  expect(paths).toEqual(["/v1/tokens"]);
  server.close();
});

it("the bridge itself refuses plain HTTP on that port, and answers its own callers", async () => {
  await expect(fetch(`http://localhost:${port()}/health/live`)).rejects.toThrow();
  const ca = await readFile(ours.ca, "utf8");
  const body = await new Promise<string>((resolve, reject) => {
    request(`https://localhost:${port()}/health/live`, { ca }, async (answer) => resolve(await text(answer)))
      .on("error", reject)
      .end();
  });
  expect(body).not.toBe("");
});

/** A server of one old version of TLS. */
async function speaking(version: SecureVersion): Promise<{ port: number; close(): void }> {
  const { cert, key } = await ours.sign("old", ["DNS:localhost"]);
  const server = createServer((socket) => {
    socket.on("error", () => {});
    const secure = new TLSSocket(socket, {
      isServer: true,
      cert,
      key,
      minVersion: version,
      maxVersion: version,
      ciphers: "DEFAULT@SECLEVEL=0",
    });
    secure.on("error", () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return { port: typeof address === "object" ? (address?.port ?? 0) : 0, close: () => server.close() };
}
