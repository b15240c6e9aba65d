import { promisify } from "node:util";
import { constants, createGzip, createZstdCompress, type Gzip, type ZstdCompress } from "node:zlib";
import type { FastifyReply } from "fastify";
import type { Body } from "./body.ts";
import { byText } from "./by-text.ts";

/** Shorter answers, and answers that begin with less, go out as they are. */
const LARGE_BYTES = 2 ** 16;

type Encoding = "zstd" | "gzip";

/** The cheapest of each: rows are to flow, and most of what can be saved is saved so. */
const compressors = {
  zstd: { make: () => createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 1 } }), flush: constants.ZSTD_e_flush },
  gzip: { make: () => createGzip({ level: 1 }), flush: constants.Z_SYNC_FLUSH },
} as const;

/** What a client prefers of what is written here; undefined: it takes neither. */
export const encodingFor = byText((acceptEncoding): Encoding | undefined => {
  const offered = new Map<string, number>();
  for (const each of acceptEncoding.toLowerCase().split(",")) {
    const [name = "", ...parameters] = each.split(";").map((part) => part.trim());
    const weight = parameters.find((part) => part.startsWith("q="))?.slice(2);
    offered.set(name, weight === undefined ? 1 : Number(weight));
  }
  const [zstd, gzip] = [offered.get("zstd") ?? 0, offered.get("gzip") ?? 0];
  if (!(zstd > 0 || gzip > 0)) return undefined;
  return gzip > zstd ? "gzip" : "zstd";
});

/**
 * A body that is compressed on its way if the client takes it so and it is large, which shows when its first bytes come:
 * until then its start waits. Each write is flushed, so that rows arrive when they are made.
 */
export function compressedBody(body: Body, reply: FastifyReply, acceptEncoding: string | undefined): Body {
  const encoding = acceptEncoding === undefined ? undefined : encodingFor(acceptEncoding);
  if (encoding === undefined) return body;
  let started: Parameters<Body["start"]> | undefined;
  let compressor: Compressor | undefined;

  /** The first bytes are here: the headers go out. */
  function begin(pieces: readonly (Buffer | string)[]): void {
    if (body.isStarted || !started) return;
    const [type, extra = {}] = started;
    const bytes = extra.length ?? pieces.reduce((sum, each) => sum + Buffer.byteLength(each), 0);
    if (bytes < LARGE_BYTES || encoding === undefined) {
      body.start(type, extra);
      return;
    }
    reply.header("content-encoding", encoding).header("vary", "Accept-Encoding");
    body.start(type, extra.receipt === undefined ? {} : { receipt: extra.receipt });
    compressor = new Compressor(body, encoding);
  }

  return {
    get isStarted() {
      return started !== undefined;
    },
    start(...asked) {
      started = asked;
    },
    write(...pieces) {
      begin(pieces);
      return compressor ? compressor.write(pieces) : body.write(...pieces);
    },
    end(piece) {
      begin(piece === undefined ? [] : [piece]);
      if (!compressor) return body.end(piece);
      compressor.end(piece, () => body.end());
    },
    endFailed(piece) {
      begin([piece]);
      if (!compressor) return body.endFailed(piece);
      compressor.end(piece, () => body.endFailed(Buffer.alloc(0)));
    },
    cut() {
      compressor?.stop();
      body.cut();
    },
  };
}

/** Bytes on their way through a compressor into a body, which holds them back when its client does. */
class Compressor {
  readonly #stream: Gzip | ZstdCompress;
  readonly #flush: () => Promise<void>;

  constructor(body: Body, encoding: Encoding) {
    const { make, flush } = compressors[encoding];
    const stream = make();
    this.#stream = stream;
    this.#flush = promisify((done: () => void) => stream.flush(flush, done));
    stream.on("data", (bytes: Buffer) => {
      const taken = body.write(bytes);
      if (!taken) return;
      stream.pause();
      void taken.then(() => stream.resume());
    });
    stream.on("error", () => body.cut());
  }

  /** Resolves when the client has taken what these pieces became. */
  write(pieces: readonly (Buffer | string)[]): Promise<void> {
    for (const piece of pieces) this.#stream.write(piece);
    return this.#flush();
  }

  end(piece: Buffer | string | undefined, ended: () => void): void {
    this.#stream.once("end", ended).end(piece);
  }

  stop(): void {
    this.#stream.destroy();
  }
}
