import type { IncomingMessage } from "node:http";
import { type Rows, SEGMENT_END } from "#contract/call.ts";
import { BadCall, BadTable, Cancelled } from "#contract/errors.ts";
import { BrokenFrames, FRAMES_TYPE, FrameKind, FrameReader } from "#contract/frames.ts";
import type { TableFormat } from "#contract/worker.ts";
import { ARROW_TYPE } from "./answers.ts";
import { byText } from "./by-text.ts";
import { decodedBody, isEncoded } from "./content-encoding.ts";
import { wholeBody } from "./whole-body.ts";

/** Bodies up to this size are read whole before the call is sent on: one write to the worker instead of three. */
const WHOLE_BYTES = 64 * 2 ** 10;

/**
 * The rows of a request as the headers describe them.
 *
 * @param body its body, for whoever looks at it as it passes
 * @throws BadCall for a type that cannot hold rows
 */
export async function requestRows(message: IncomingMessage, body?: AsyncIterable<Buffer>): Promise<{ rows: Rows; format: TableFormat }> {
  const { type, isFrames, format } = formOf(message.headers["content-type"] ?? "");
  if (type === "application/json") {
    throw new BadCall(
      "Rows do not come as JSON here.",
      "Send them as text/csv or Arrow; the old endpoints /fit and /apply take DSDL's JSON.",
    );
  }
  if (message.headers["content-length"] === undefined && message.headers["transfer-encoding"] === undefined)
    return { rows: Buffer.alloc(0), format };
  const length = isEncoded(message) ? Number.POSITIVE_INFINITY : Number(message.headers["content-length"] ?? Number.POSITIVE_INFINITY);
  if (length <= WHOLE_BYTES && !isFrames && body === undefined) return { rows: await wholeBody(message), format };
  const decoded = decodedBody(message, body ?? chunksOf(message));
  const chunks = isFrames ? unframed(decoded) : decoded;
  if (length > WHOLE_BYTES) return { rows: chunks, format };
  const pieces = await Array.fromAsync<Buffer | typeof SEGMENT_END>(chunks);
  const whole = pieces.filter((piece) => piece !== SEGMENT_END);
  if (whole.length < pieces.length) return { rows: each(pieces), format };
  const [only = Buffer.alloc(0)] = whole;
  return { rows: whole.length < 2 ? only : Buffer.concat(whole), format };
}

const formOf = byText((contentType) => {
  const [type = "", ...parameters] = contentType.split(";").map((each) => each.trim().toLowerCase());
  const isFrames = type === FRAMES_TYPE;
  const format: TableFormat = type === ARROW_TYPE || (isFrames && parameters.includes("table=arrow")) ? "arrow" : "csv";
  return { type, isFrames, format };
});

async function* each<T>(pieces: readonly T[]): AsyncGenerator<T> {
  yield* pieces;
}

/** A request's body as it comes. @throws Cancelled when the client goes away before its end */
export async function* chunksOf(message: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    // Whoever stops reading early still wants to answer: the connection stays.
    for await (const chunk of message.iterator({ destroyOnReturn: false })) yield chunk as Buffer;
  } catch {
    throw new Cancelled("The caller went away before all rows had come.");
  }
}

async function* unframed(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer | typeof SEGMENT_END> {
  const reader = new FrameReader();
  try {
    for await (const chunk of chunks) {
      for (const { kind, payload } of reader.push(chunk)) {
        if (kind === FrameKind.table) yield payload;
        else if (kind === FrameKind.segment) yield SEGMENT_END;
        else if (kind === FrameKind.end) return;
        else if (kind === FrameKind.cancel) throw new Cancelled("The caller cancelled the call.");
        else throw new BadTable("A frame came that carries no rows.", "Send table frames, segment frames between them, and one end frame.");
      }
    }
  } catch (error) {
    if (error instanceof BrokenFrames)
      throw new BadTable(`The body is no sequence of frames: ${error.message}.`, "See runtimes/PROTOCOL.md.");
    throw error;
  }
  throw new BadTable("The frames stop before the end frame, so rows may be missing.", "Send all rows again, and the end frame after them.");
}
