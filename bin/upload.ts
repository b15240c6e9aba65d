import { type IncomingMessage, request } from "node:http";
import { request as secureRequest } from "node:https";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { type Frame, FrameReader } from "#contract/frames.ts";
import { Receipt } from "#contract/run.ts";
import { problemOf, unreachable } from "./api.ts";

/** The closing frame of an answer. */
export const Done = z.object({ receipt: Receipt });

export interface Upload {
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined: the body is empty. */
  readonly rows: Readable | undefined;
  /** Ends the request, and so the bridge's work on it. */
  readonly signal: AbortSignal;
}

/**
 * POSTs rows as they come and resolves with the answer as soon as it begins, which may be before the last row was sent.
 * fetch would hold the answer back until then.
 *
 * @throws ApiFailed when the bridge says no, or is not there
 */
export async function sendRows(url: URL, { headers, rows, signal }: Upload): Promise<IncomingMessage> {
  const post = (url.protocol === "https:" ? secureRequest : request)(url, { method: "POST", headers, signal });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    post.once("response", resolve);
    post.once("error", (error) => reject(signal.aborted ? error : unreachable(url.origin, error)));
  });
  if (rows) {
    // An answer that comes before the end of the rows ends the sending: then the answer says why.
    pipeline(rows, post).catch(() => {});
  } else post.end();
  const answer = await answered;
  if (answer.statusCode === 200) return answer;
  const parts: Buffer[] = [];
  for await (const part of answer) parts.push(part);
  post.destroy();
  throw problemOf(answer.statusCode ?? 0, Buffer.concat(parts).toString());
}

/** The frames of an answer, as they come. */
export async function* framesOf(answer: AsyncIterable<Buffer>): AsyncGenerator<Frame> {
  const reader = new FrameReader();
  for await (const chunk of answer) yield* reader.push(chunk);
}
