import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Receipt } from "#contract/run.ts";
import type { First, Replay, RequestParts } from "../compute/answers-kept.ts";
import { asciiJson, type Body } from "./body.ts";
import { encodingOf } from "./content-encoding.ts";
import type { HashedBody } from "./hashed-body.ts";

/** A body whose bytes are kept under an Idempotency-Key as they go out. The end waits until they are on disk. */
export function keptBody(body: Body, first: First, run: string, sent: HashedBody): Body {
  let type = "";
  let receipt: Receipt | null = null;
  return {
    get isStarted() {
      return body.isStarted;
    },
    start(asked, extra) {
      type = asked;
      receipt = extra?.receipt ?? null;
      body.start(asked, extra);
    },
    write(...pieces) {
      for (const piece of pieces) first.write(piece);
      return body.write(...pieces);
    },
    end(piece) {
      if (piece !== undefined) first.write(piece);
      sent
        .digest()
        .then((digest) => first.keep({ run, body: digest, type, receipt }))
        .catch(() => first.abandon()) // the answer is right all the same; only a repetition would run again
        .finally(() => body.end(piece));
    },
    endFailed(piece) {
      first.abandon();
      body.endFailed(piece);
    },
    cut() {
      first.abandon();
      body.cut();
    },
  };
}

/** What a repetition must be the same in, but for its body. The order of options means nothing. */
export function partsOf(request: FastifyRequest): RequestParts {
  const [path = ""] = request.url.split("?");
  const options = Object.entries(z.record(z.string(), z.unknown()).parse(request.query));
  return {
    method: request.method,
    path,
    options: JSON.stringify(options.sort(([a], [b]) => (a < b ? -1 : 1))),
    "Content-Type": request.headers["content-type"] ?? "",
    "Content-Encoding": encodingOf(request.raw),
    Accept: request.headers.accept ?? "",
  };
}

/** Answers what the key was answered before. @throws KeyReused when the body is another */
export async function replay(reply: FastifyReply, { run, type, receipt, length, open }: Replay, sent: HashedBody): Promise<FastifyReply> {
  const stream = open(await sent.digest());
  reply.headers({ "compute-run": run, "idempotent-replayed": "true", "content-type": type, "content-length": length });
  if (receipt) reply.header("compute-receipt", asciiJson(receipt));
  return reply.send(stream);
}
