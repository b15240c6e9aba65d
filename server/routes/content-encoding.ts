import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from "node:zlib";
import { BadCall, BadTable, BridgeError } from "#contract/errors.ts";

const options = { chunkSize: 2 ** 16 };
const decoders: Readonly<Record<string, () => Duplex>> = {
  gzip: () => createGunzip(options),
  "x-gzip": () => createGunzip(options),
  deflate: () => createInflate(options),
  br: () => createBrotliDecompress(options),
  zstd: () => createZstdDecompress(options),
};

/** Whether the body of a message comes otherwise than it is meant, so that its length says nothing. */
export function isEncoded({ headers }: IncomingMessage): boolean {
  return !["", "identity"].includes(encodingOf(headers["content-encoding"]));
}

/**
 * A request's body without its Content-Encoding, while it comes. Nothing of it is held, so that its size has no limit either way.
 *
 * @throws BadCall for an encoding that is not known; the iterator BadTable when the bytes are broken, and what `body` throws
 */
export function decodedBody({ headers }: IncomingMessage, body: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  const encoding = encodingOf(headers["content-encoding"]);
  if (encoding === "" || encoding === "identity") return body;
  const decoder = Object.hasOwn(decoders, encoding) ? decoders[encoding] : undefined;
  if (!decoder) {
    const known = Object.keys(decoders).filter((each) => each !== "x-gzip");
    throw new BadCall(
      `The rows are compressed as ${encoding}, which is not understood here.`,
      `Use one of ${known.join(", ")}, or no Content-Encoding.`,
    );
  }
  return through(body, decoder(), encoding);
}

async function* through(body: AsyncIterable<Buffer>, decoder: Duplex, encoding: string): AsyncGenerator<Buffer> {
  pipeline(body, decoder).catch(() => {}); // whoever reads the decoder is told
  try {
    for await (const chunk of decoder) yield chunk as Buffer;
  } catch (error) {
    if (error instanceof BridgeError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new BadTable(`The body is no ${encoding}, or was cut: ${why}.`, "Send all rows again, compressed as Content-Encoding says.");
  }
}

function encodingOf(header = ""): string {
  return header.trim().toLowerCase();
}
