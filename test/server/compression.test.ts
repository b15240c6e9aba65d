import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { setImmediate as turn } from "node:timers/promises";
import {
  brotliCompressSync,
  createGunzip,
  createZstdDecompress,
  deflateSync,
  gunzipSync,
  gzipSync,
  zstdCompressSync,
  zstdDecompressSync,
} from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeFrame, FRAMES_TYPE, FrameKind } from "#contract/frames.ts";
import type { Run } from "#contract/run.ts";
import { type TestBridge, testBridge } from "./support/bridge.ts";

let test: TestBridge;
const large = `a,b\n${Array.from({ length: 60_000 }, (_, at) => `${at},${at * 7}\n`).join("")}`;
const echo = { algorithm: "echo", method: "apply" };

beforeAll(async () => {
  test = await testBridge({ api_token: "old" });
  const body = "def apply(model, df, param):\n    if (df['a'] == -1).any():\n        raise ValueError('minus one')\n    return df";
  await test.save("echo.ipynb", [body], { options: { apply: "row-wise", types: { a: "int64", b: "int64" } } });
  await test.save("old.ipynb", [
    "def init(df, param): return {}\ndef fit(model, df, param): return {}\ndef apply(model, df, param): return df",
    "def save(model, name): return model\ndef load(name): return {}\ndef summary(model=None): return {}",
  ]);
});
afterAll(() => test[Symbol.asyncDispose]());

const runOf = async (id: unknown) => (await (await test.ask(`/v1/runs/${id}`)).json()) as Run;

/** Asks without what fetch adds and takes away. */
async function ask(headers: Record<string, string>, body: Buffer | string, path = `/v1/compute?${new URLSearchParams(echo)}`) {
  const sent = request(new URL(path, test.bridge.url), {
    method: "POST",
    headers: { authorization: `Bearer ${test.bridge.token}`, "content-type": "text/csv", ...headers },
  });
  sent.end(body);
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  return answer;
}

async function bytesOf(answer: IncomingMessage): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(answer as AsyncIterable<Buffer>));
}

describe("rows that come compressed", () => {
  const encodings = [
    ["gzip", gzipSync],
    ["x-gzip", gzipSync],
    ["deflate", deflateSync],
    ["br", brotliCompressSync],
    ["zstd", zstdCompressSync],
  ] as const;

  it.each(encodings)("%s", async (encoding, compress) => {
    const answer = await ask({ "content-encoding": encoding }, compress(Buffer.from(large)));
    expect((await bytesOf(answer)).toString() === large).toBe(true);
    expect((await runOf(answer.headers["compute-run"])).receipt?.bytes).toEqual({ received: large.length, returned: large.length });
    const small = await ask({ "content-encoding": encoding.toUpperCase() }, compress(Buffer.from("a,b\n1,2\n")));
    expect((await bytesOf(small)).toString()).toBe("a,b\n1,2\n");
    const meta = { options: { params: { algo: "old" } } };
    const json = compress(Buffer.from(JSON.stringify({ data: large, meta })));
    for (const more of [{}, { "compute-algorithm": "old" }]) {
      const old = JSON.parse((await bytesOf(await ask({ "content-encoding": encoding, ...more }, json, "/apply"))).toString());
      expect(old.results === large).toBe(true);
    }
  });

  it("as frames, and under a key", async () => {
    const frames = Buffer.concat([encodeFrame(FrameKind.table, "a,b\n1,2\n"), encodeFrame(FrameKind.end)]);
    const headers = { "content-type": FRAMES_TYPE, "content-encoding": "gzip", "idempotency-key": "one" };
    for (const replayed of [undefined, "true"]) {
      const answer = await ask(headers, gzipSync(frames));
      expect([(await bytesOf(answer)).toString(), answer.headers["idempotent-replayed"]]).toEqual(["a,b\n1,2\n", replayed]);
    }
  });

  it("are refused when they are broken, cut or of another kind", async () => {
    const whole = gzipSync(Buffer.from(large));
    for (const bytes of [Buffer.from("a,b\n1,2\n"), whole.subarray(0, 1000)]) {
      const answer = await ask({ "content-encoding": "gzip" }, bytes);
      expect(answer.statusCode).toBe(422);
      expect(JSON.parse((await bytesOf(answer)).toString())).toMatchObject({
        code: "BAD_TABLE",
        detail: expect.stringContaining("no gzip, or was cut"),
      });
      for (const more of [{}, { "compute-algorithm": "old" }]) {
        const old = JSON.parse((await bytesOf(await ask({ "content-encoding": "gzip", ...more }, bytes, "/apply"))).toString());
        expect(old.message).toContain("unable to parse json from POST data");
      }
    }
    const unknown = await ask({ "content-encoding": "toString" }, "x");
    expect(JSON.parse((await bytesOf(unknown)).toString())).toMatchObject({
      code: "BAD_CALL",
      detail: expect.stringContaining("tostring"),
    });
    expect((await bytesOf(await ask({}, "a,b\n1,2\n"))).toString()).toBe("a,b\n1,2\n");
  });
});

describe("answers to who takes them compressed", () => {
  it.each([
    ["gzip", gunzipSync, "gzip, deflate"],
    ["zstd", zstdDecompressSync, "gzip, zstd"],
    ["gzip", gunzipSync, "zstd;q=0.2, gzip;q=0.5"],
  ] as const)("%s, when they are large", async (encoding, decompress, accepted) => {
    const answer = await ask({ "accept-encoding": accepted }, large);
    const bytes = await bytesOf(answer);
    const { headers } = answer;
    expect([headers["content-encoding"], headers.vary, headers["content-length"]]).toEqual([encoding, "Accept-Encoding", undefined]);
    expect(bytes.length).toBeLessThan(large.length / 2);
    expect(decompress(bytes).toString() === large).toBe(true);
    expect((await runOf(headers["compute-run"])).receipt?.bytes.returned).toBe(large.length);
  });

  it.each([["zstd;q=0, gzip;q=0"], ["br"], ["*"], [""]])("not with Accept-Encoding: %s", async (accepted) => {
    const answer = await ask({ "accept-encoding": accepted }, large);
    expect(answer.headers["content-encoding"]).toBeUndefined();
    expect((await bytesOf(answer)).toString() === large).toBe(true);
  });

  it("not when they are small, whose receipt and length stay in headers", async () => {
    const answer = await ask({ "accept-encoding": "gzip" }, "a,b\n1,2\n");
    expect(answer.headers).toMatchObject({ "content-length": "8", "compute-receipt": expect.stringContaining('"rows"') });
    expect(answer.headers).not.toHaveProperty("content-encoding");
    await bytesOf(answer);
  });

  it("as kept under a key, whoever asks next and however", async () => {
    const first = await ask({ "accept-encoding": "gzip", "idempotency-key": "two" }, large);
    expect(gunzipSync(await bytesOf(first)).toString() === large).toBe(true);
    const second = await ask({ "idempotency-key": "two" }, large);
    expect(second.headers["content-encoding"]).toBeUndefined();
    expect((await bytesOf(second)).toString() === large).toBe(true);
  });

  it.each([
    ["gzip", createGunzip],
    ["zstd", createZstdDecompress],
  ] as const)("%s: rows arrive while others are still to come, and a late failure cuts the answer", async (encoding, decompressor) => {
    const sent = request(new URL(`/v1/compute?${new URLSearchParams(echo)}`, test.bridge.url), {
      method: "POST",
      headers: { authorization: `Bearer ${test.bridge.token}`, "content-type": "text/csv", "accept-encoding": encoding },
    });
    const answered = once(sent, "response") as Promise<[IncomingMessage]>;
    const block = "12345,67890\n".repeat(200_000);
    sent.write("a,b\n");
    let rows = 0;
    let answer: IncomingMessage | undefined;
    void answered.then(([came]) => {
      answer = came.on("error", () => {}); // it is cut in the end
      came
        .pipe(decompressor())
        .on("data", (bytes: Buffer) => {
          rows += bytes.toString("latin1").split("\n").length - 1;
        })
        .on("error", () => {});
    });
    for (let blocks = 0; rows < 100_000; blocks++) {
      if (!sent.write(block)) await once(sent, "drain");
      await turn();
      expect(blocks, "blocks without an answer").toBeLessThan(200);
    }
    const closed = new Promise((resolve) => answer?.once("close", resolve)); // `once` would reject
    sent.end("-1,0\n");
    await closed;
    expect(answer?.complete).toBe(false);
    expect((await runOf(answer?.headers["compute-run"])).state).toBe("failed");
  });
});
