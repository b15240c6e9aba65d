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

/** @param run the run's id, told in the header `Compute-Run` */
export function replyBody(reply: FastifyReply, run: string): NotedBody {
  const { raw } = reply;
  return {
    get isStarted() {
      return raw.headersSent;
    },
    notes(notes) {
      if (!raw.headersSent) reply.header("compute-notes", asciiJson(notes));
    },
    start(type, { length, receipt } = {}) {
      reply.hijack();
      raw.writeHead(200, {
        ...headersOf(reply),
        "content-type": type,
        "compute-run": run,
        ...(length === undefined ? {} : { "content-length": length }),
        ...(receipt === undefined ? {} : { "compute-receipt": asciiJson(receipt) }),
      });
    },
    write(...pieces) {
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
    },
    end(piece) {
      raw.end(piece);
    },
    endFailed(piece) {
      raw.end(piece);
    },
    cut() {
      raw.destroy();
    },
  };
}

/** Headers that plugins set already (security headers), which a hijacked reply would lose. */
function headersOf(reply: FastifyReply): Record<string, string | number | string[]> {
  const headers: Record<string, string | number | string[]> = {};
  for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) headers[name] = value;
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
