import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import fp from "fastify-plugin";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import { BadCall, BridgeError, DiskFull, NotFound, TooLarge, Unauthorized } from "#contract/errors.ts";
import { shownPath, speaksDltk, speaksDsdl, verbsOf } from "./addresses.ts";
import { sendProblem, sendSentence, type Told } from "./problem.ts";

/** The only place where an error becomes an HTTP answer. Register it before any route. */
export const errors = fp(
  async (app) => {
    const verbs = verbsOf(app);

    app.setErrorHandler((thrown: FastifyError, request, reply) => {
      const error = asBridgeError(thrown, request);
      if (error instanceof Unauthorized) return refuse(error, request, reply);
      const send = speaksDltk(request.url) ? sendSentence : sendProblem;
      if (error instanceof BridgeError) return send(reply, titled(error));
      if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
        return send(reply, badRequest(error.statusCode, error.message, request));
      }
      request.log.error({ err: thrown }, "a fault in the bridge itself");
      return send(reply, {
        code: "INTERNAL",
        title: "Internal",
        status: 500,
        message: "The bridge failed while answering.",
        hint: `Look for request ${request.id} in the server's log.`,
        details: { request: request.id },
        retryAfter: undefined,
      });
    });

    app.setNotFoundHandler((request, reply) => {
      const known = verbs(request.url);
      // A route that answers this verb has itself said that nothing is there: `/docs/static/nothing`.
      const allow = known.includes(request.method) ? [] : known;
      if (allow.length > 0) reply.header("allow", allow.join(", "));
      const isDltk = speaksDltk(request.url);
      if (!isDltk && speaksDsdl(request.method, request.url)) {
        const [status, detail] = allow.length > 0 ? [405, "Method Not Allowed"] : [404, "Not Found"];
        return reply.code(status).send({ detail });
      }
      const send = isDltk ? sendSentence : sendProblem;
      if (allow.length === 0) {
        const told = titled(new NotFound("address", shownPath(request.url)));
        return send(
          reply,
          isDltk
            ? { ...told, hint: "Enter a deployment's address with the slash at its end: DLTK's client drops what follows the last one." }
            : told,
        );
      }
      const message = `${request.method} is nothing that ${shownPath(request.url)} answers.`;
      return send(reply, { ...badRequest(405, message, request), hint: `Use ${allow.join(" or ")}.` });
    });
  },
  { name: "errors" },
);

/**
 * For Fastify's option `frameworkErrors`: addresses that cannot even be decoded reach no route, no hook and no error
 * handler. The answer tells nothing of the bridge, so it needs no token.
 */
export function answerBadAddress(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  sendProblem(reply, badRequest(error.statusCode ?? 400, "This address cannot be read.", request));
}

function refuse(error: Unauthorized, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.header("www-authenticate", "Bearer");
  if (!speaksDsdl(request.method, request.url)) return sendProblem(reply, titled(error));
  const detail = request.headers.authorization === undefined ? "No header with token" : "Invalid token";
  return reply.code(401).send({ detail });
}

function asBridgeError(thrown: FastifyError, request: FastifyRequest): FastifyError | BridgeError {
  if (thrown instanceof BridgeError) return thrown;
  if (hasZodFastifySchemaValidationErrors(thrown)) {
    const part = thrown.validationContext ?? "request";
    const fields = thrown.validation.map(({ instancePath, message }) => `${nameOf(part, instancePath)}: ${message ?? "is wrong"}`);
    return new BadCall(`${fields.join("; ")}.`, `See ${request.method} ${request.routeOptions.url} in /docs for what is allowed.`);
  }
  const full = DiskFull.from(thrown);
  if (full) return full;
  if (thrown.statusCode === 413) return new TooLarge("The body of this request is too large.", "Send less, or in several requests.");
  return thrown;
}

/** `/a/0` of a body as `body.a.0`. */
function nameOf(part: string, instancePath: string): string {
  return [part, ...instancePath.split("/").filter((each) => each !== "")].join(".");
}

function titled(error: BridgeError): Told {
  const { code, status, message, hint, details, retryAfter } = error;
  return {
    code,
    status,
    message,
    hint,
    details,
    retryAfter,
    title: error.name.replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`),
  };
}

function badRequest(status: number, message: string, request: FastifyRequest): Told {
  const hint = `See ${request.method} ${shownPath(request.url)} in /docs for what is allowed.`;
  return { code: "BAD_CALL", title: "Bad call", status, message, hint, details: {}, retryAfter: undefined };
}
