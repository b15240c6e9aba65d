import type { FastifyReply } from "fastify";
import type { Receipt } from "#contract/run.ts";

/** The bytes of an answer on their way out. */
export interface Body {
  readonly isStarted: boolean;
  /** Sends status 200 and the headers. Without a length the body is chunked. */
  start(type: string, extra?: { readonly length?: number; readonly receipt?: Receipt }): void;
  /** A promise is back-pressure: it resolves when the client has taken what was written, or went away. */
  write(...pieces: readonly (Buffer | string)[]): void | Promise<void>;
  end(piece?: Buffer | string): void;
  /** Ends after a failure that the body itself tells. */
  endFailed(piece: Buffer): void;
  /** Closes the connection before the body's end, so that no client takes a part for the whole. */
  cut(): void;
}

/** One that can say sentences in the header `Compute-Notes`, as long as it has not started. */
export interface NotedBody extends Body {
  notes(notes: readonly string[]): void;
}

/** Up to here a copy costs less than a second piece. */
const SMALL_BYTES = 2 ** 14;

/** @param run the run's id, told in the header `Compute-Run` */
export function replyBody(reply: FastifyReply, run: string): NotedBody {
  return new ReplyBody(reply, run);
}

class ReplyBody implements NotedBody {
  readonly #reply: FastifyReply;
  readonly #raw: FastifyReply["raw"];
  readonly #run: string;
  #isAlone = true;

  constructor(reply: FastifyReply, run: string) {
    this.#reply = reply;
    this.#raw = reply.raw;
    this.#run = run;
  }

  get isStarted(): boolean {
    return this.#raw.headersSent;
  }

  notes(notes: readonly string[]): void {
    if (!this.#raw.headersSent) this.#reply.header("compute-notes", asciiJson(notes));
  }

  start(type: string, { length, receipt }: { readonly length?: number; readonly receipt?: Receipt } = {}): void {
    this.#reply.hijack();
    const headers = headersOf(this.#reply);
    headers["content-type"] = type;
    headers["compute-run"] = this.#run;
    if (length !== undefined) headers["content-length"] = length;
    if (receipt !== undefined) headers["compute-receipt"] = asciiJson(receipt);
    this.#raw.writeHead(200, headers);
  }

  write(...pieces: readonly (Buffer | string)[]): void | Promise<void> {
    const raw = this.#raw;
    this.#isAlone = false;
    // Not corked: a corked response may ask to be drained and then never say that it was.
    let isFree = true;
    for (const piece of pieces) isFree = raw.write(piece);
    if (isFree || raw.destroyed) return;
    return new Promise((resolve) => {
      const done = () => {
        raw.off("drain", done).off("close", done);
        resolve();
      };
      raw.once("drain", done).once("close", done);
    });
  }

  end(piece?: Buffer | string): void {
    // A text goes out in one piece with the headers, bytes in one of their own; in Latin-1 each byte is a character.
    if (this.#isAlone && Buffer.isBuffer(piece) && piece.length <= SMALL_BYTES) this.#raw.end(piece.toString("latin1"), "latin1");
    else this.#raw.end(piece);
  }

  endFailed(piece: Buffer): void {
    this.#raw.end(piece);
  }

  cut(): void {
    this.#raw.destroy();
  }
}

/** Headers that plugins set already (security headers), which a hijacked reply would lose; in an object of the caller's own. */
function headersOf(reply: FastifyReply): Record<string, string | number | string[] | undefined> {
  const headers: Record<string, string | number | string[] | undefined> = reply.getHeaders();
  for (const name in headers) if (headers[name] === undefined) delete headers[name];
  return headers;
}

const BEYOND = /[\u007f-\uffff]/;
const ALL_BEYOND = /[\u007f-\uffff]/g;

/** JSON that fits in a header: beyond ASCII everything is escaped. */
export function asciiJson(value: unknown): string {
  const json = JSON.stringify(value);
  if (!BEYOND.test(json)) return json;
  return json.replaceAll(ALL_BEYOND, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
