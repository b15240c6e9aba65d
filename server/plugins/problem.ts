import type { FastifyReply } from "fastify";
import { z } from "zod";
import type { BridgeError } from "#contract/errors.ts";

export const PROBLEM_TYPE = "application/problem+json";

/** RFC 9457. Further members are the error's details. */
export const ProblemBody = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string(),
  hint: z.string(),
  instance: z.string().optional(),
});
type ProblemBody = z.infer<typeof ProblemBody>;

export type Told = Pick<BridgeError, "code" | "status" | "message" | "hint" | "details" | "retryAfter"> & { title: string };

export function problemBody({ code, status, message, hint, details, title }: Told, instance?: string): ProblemBody {
  // An exception's class is a detail named `type`, which RFC 9457 has taken.
  const { type: exception, ...others } = details;
  return {
    ...others,
    ...(exception === undefined ? {} : { exception }),
    type: `urn:compute-bridge:error:${code}`,
    title,
    status,
    detail: message,
    code,
    hint,
    ...(instance === undefined ? {} : { instance }),
  };
}

/**
 * Plain text, for DLTK's clients. They show people the reason phrase and no more, so it says what is wrong, as far as
 * that can be said in ASCII.
 */
export function sendSentence(reply: FastifyReply, { status, message, hint, retryAfter }: Told): FastifyReply {
  reply.raw.statusMessage = message.replaceAll(/[^\x20-\x7e]+/g, "?").slice(0, 200);
  if (retryAfter !== undefined) reply.header("retry-after", retryAfter);
  return reply.code(status).type("text/plain; charset=utf-8").send(`${message} ${hint}\n`);
}

export function sendProblem(reply: FastifyReply, told: Told): FastifyReply {
  const run = reply.getHeader("compute-run");
  if (told.retryAfter !== undefined) reply.header("retry-after", told.retryAfter);
  return reply
    .code(told.status)
    .type(PROBLEM_TYPE)
    .send(JSON.stringify(problemBody(told, typeof run === "string" ? `/v1/runs/${run}` : undefined)));
}
