import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from "node:zlib";
import { BadCall, BadTable, BridgeError } from "#contract/errors.ts";

const options = { chunkSize: 2 ** 16 };
type Decoder = Duplex & { readonly bytesWritten: number };
interface Encoding {
  readonly decoder: () => Decoder;
  /** One body may be several, one behind the other: RFC 8878 says so of zstd. Node reads gzip's by itself. */
  readonly isJoined?: boolean;
}
const encodings: Readonly<Record<string, Encoding>> = {
  gzip: { decoder: () => createGunzip(options) },
  "x-gzip": { decoder: () => createGunzip(options) },
  deflate: { decoder: () => createInflate(options) },
  br: { decoder: () => createBrotliDecompress(options) },
  zstd: { decoder: () => createZstdDecompress(options), isJoined: true },
};

/** Whether the body of a message comes otherwise than it is meant, so that its length says nothing. */
export function isEncoded(message: IncomingMessage): boolean {
  return encodingOf(message) !== "";
}

/** The name of a body's Content-Encoding, in small letters; empty where it comes as it is meant. */
export function encodingOf({ headers }: IncomingMessage): string {
  const name = headers["content-encoding"]?.trim().toLowerCase() ?? "";
  return name === "identity" ? "" : name;
}

/**
 * A request's body without its Content-Encoding, while it comes. Nothing of it is held, so that its size has no limit either way.
 *
 * @throws BadCall for an encoding that is not known; the iterator BadTable when the bytes are broken, and what `body` throws
 */
export function decodedBody(message: IncomingMessage, body: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  const encoding = encodingOf(message);
  if (encoding === "") return body;
  const known = Object.hasOwn(encodings, encoding) ? encodings[encoding] : undefined;
  if (!known) {
    const names = Object.keys(encodings).filter((each) => each !== "x-gzip");
    throw new BadCall(
      `The rows are compressed as ${encoding}, which is not understood here.`,
      `Use one of ${names.join(", ")}, or no Content-Encoding.`,
    );
  }
  return through(body, known, encoding);
}

async function* through(body: AsyncIterable<Buffer>, { decoder, isJoined }: Encoding, name: string): AsyncGenerator<Buffer> {
  const sent = new Unread(body);
  try {
    do {
      const decoding = decoder();
      // It may end before the body does, and then takes no more of it. Whoever reads it is told of errors.
      pipeline(
        sent.chunks(() => decoding.bytesWritten),
        decoding,
      ).catch(() => {});
      for await (const chunk of decoding) yield chunk as Buffer;
      sent.taken(decoding.bytesWritten);
    } while (isJoined && (await sent.hasMore()));
    if (await sent.hasMore()) throw new Error("more follows behind its end");
  } catch (error) {
    if (error instanceof BridgeError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new BadTable(`The body is no ${name}, or was cut: ${why}.`, "Send all rows again, compressed as Content-Encoding says.");
  }
}

/** A body that is read by one after the other: what was given to a reader and not taken by it is there for the next. */
class Unread {
  readonly #source: AsyncIterator<Buffer>;
  /** What comes before the source's next. */
  #queue: Buffer[] = [];
  #given: Buffer[] = [];
  /** Bytes of what the reader was given that are not kept any more. */
  #dropped = 0;
  #reader = 0;
  /** What was asked of the source and nobody got yet. */
  #coming: Promise<IteratorResult<Buffer>> | undefined;

  constructor(body: AsyncIterable<Buffer>) {
    this.#source = body[Symbol.asyncIterator]();
  }

  /** For the only reader until `taken`. @param taken how many bytes it has taken so far */
  async *chunks(taken: () => number): AsyncGenerator<Buffer> {
    const reader = this.#reader;
    for (;;) {
      const isThere = await this.hasMore();
      const next = reader === this.#reader && isThere ? this.#queue.shift() : undefined;
      if (!next) return;
      this.#given.push(next);
      for (let [first] = this.#given; first && this.#dropped + first.length <= taken(); [first] = this.#given) {
        this.#dropped += first.length;
        this.#given.shift();
      }
      yield next;
    }
  }

  /** The reader has ended, and took so many bytes. */
  taken(bytes: number): void {
    const rest = Buffer.concat(this.#given).subarray(bytes - this.#dropped);
    this.#queue.unshift(rest);
    this.#given = [];
    this.#dropped = 0;
    this.#reader++;
  }

  /** Whether a byte is left; it is in the queue then. */
  async hasMore(): Promise<boolean> {
    for (;;) {
      while (this.#queue[0]?.length === 0) this.#queue.shift();
      if (this.#queue.length > 0) return true;
      this.#coming ??= this.#source.next();
      const coming = this.#coming;
      const { done, value } = await coming;
      if (done) return this.#queue.length > 0;
      // Several may have waited for it.
      if (this.#coming === coming) {
        this.#coming = undefined;
        this.#queue.push(value);
      }
    }
  }
}
