import type { FastifyReply } from "fastify";
import type { First, Replay } from "../compute/answers-kept.ts";
import type { Body } from "./body.ts";

/** A body whose bytes are kept under an Idempotency-Key as they go out. The end waits until they are on disk. */
export function keptBody(body: Body, first: First, run: string): Body {
  let type = "";
  return {
    get isStarted() {
      return body.isStarted;
    },
    start(asked, extra) {
      type = asked;
      body.start(asked, extra);
    },
    write(...pieces) {
      for (const piece of pieces) first.write(piece);
      return body.write(...pieces);
    },
    end(piece) {
      if (piece !== undefined) first.write(piece);
      first.keep(run, type).then(
        () => body.end(piece),
        () => body.end(piece), // the answer is right all the same; only a repetition would run again
      );
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

/** Answers what the key was answered before. */
export function replay(reply: FastifyReply, { run, type, length, open }: Replay): FastifyReply {
  return reply.headers({ "compute-run": run, "idempotent-replayed": "true", "content-type": type, "content-length": length }).send(open());
}
