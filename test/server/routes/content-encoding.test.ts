import { setImmediate as turn } from "node:timers/promises";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { expect, it } from "vitest";
import { decodedBody } from "../../../server/routes/content-encoding.ts";

const encoders = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync, zstd: zstdCompressSync } as const;
const names = ["gzip", "deflate", "br", "zstd"] as const;

/** The bytes in pieces of these sizes, over and over, with a pause behind each. */
async function* cut(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  for (let at = 0, number = 0; at < bytes.length; number++) {
    const size = sizes[number % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
    await turn();
  }
}

async function decoded(name: string, body: AsyncIterable<Buffer>): Promise<string> {
  const message = { headers: { "content-encoding": name } } as Parameters<typeof decodedBody>[0];
  return Buffer.concat(await Array.fromAsync(decodedBody(message, body))).toString();
}

const texts = fc.array(fc.string({ maxLength: 200 }), { minLength: 1, maxLength: 4 });
const sizes = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 5 });

it("loses nothing of a body, in however many pieces it comes and of however many frames it is", async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...names), texts, sizes, async (name, frames, pieces) => {
      const bytes = Buffer.concat(frames.map((each) => encoders[name](Buffer.from(each))));
      const body = decoded(name, cut(bytes, pieces));
      if (frames.length === 1 || name === "gzip" || name === "zstd") expect(await body).toBe(frames.join(""));
      else await expect(body).rejects.toMatchObject({ code: "BAD_TABLE" });
    }),
    { numRuns: 300 },
  );
});

it("refuses a body that was cut", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...names),
      fc.string({ minLength: 1 }),
      fc.integer({ min: 1, max: 8 }),
      async (name, text, missing) => {
        const bytes = encoders[name](Buffer.from(text));
        await expect(decoded(name, cut(bytes.subarray(0, -missing), [100]))).rejects.toMatchObject({ code: "BAD_TABLE" });
      },
    ),
    { numRuns: 100 },
  );
});
