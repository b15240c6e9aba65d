import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import { TooLarge } from "#contract/errors.ts";
import { AlgorithmName, nameKey } from "#contract/names.ts";
import type { DeploymentNotebooks } from "../compute/deployment-notebooks.ts";
import { DEPLOYED_MODULE, dsdlMessage, type OldClient } from "../compute/dsdl.ts";
import type { OldEndpoints } from "../compute/old-endpoints.ts";
import { replyBody } from "./body.ts";
import { dsdlAnswer } from "./dsdl-answer.ts";
import { goneSignal } from "./gone.ts";
import { chunksOf } from "./request-rows.ts";

/** Flask's name for every answer, JSON and notebooks too. */
const HTML = "text/html; charset=utf-8";
const VERSION = "x-notebook-version";
/** A file's name, with its ending, has 255 at most. */
const MOST_NAME_BYTES = 240;
const MOST_NOTEBOOK_BYTES = 64 * 2 ** 20;
/** What Flask says of a body that is not announced as JSON. */
const NO_JSON_TYPE =
  "415 Unsupported Media Type: Did not attempt to load JSON data because the request Content-Type was not 'application/json'.";

export interface DltkRouteParts {
  readonly old: OldEndpoints;
  readonly notebooks: DeploymentNotebooks;
  readonly newRunId: () => string;
  readonly callerOf: (request: FastifyRequest) => string;
  /** The bridge's own version, told by `GET /`. */
  readonly version: string;
}

/**
 * The endpoints of DLTK 4's containers, for clients that send no token but in the path (contracts, section 3): one
 * deployment at `/dltk/<token>/`, and one an algorithm at `/dltk/<token>/<algorithm>/`.
 */
export const dltkRoutes =
  (parts: DltkRouteParts): FastifyPluginAsync =>
  async (app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", (_request, payload, done) => done(null, payload));

    for (const base of ["/dltk/:token", "/dltk/:token/:algorithm"]) {
      for (const method of ["fit", "apply"] as const) {
        app.post(`${base}/${method}`, { schema: described(`DLTK's /${method}`) }, async (request, reply) => {
          const client = clientOf(request, parts);
          return client ? await call(method, client, request, reply, parts) : refuseName(reply);
        });
      }
      for (const url of [`${base}/`, `${base}/summary`]) {
        app.get(url, { schema: described("DLTK's summary: plain JSON") }, async (request, reply) => {
          const client = clientOf(request, parts);
          return client ? await summary(client, reply, parts) : refuseName(reply);
        });
      }
      app.get(`${base}/notebook`, { schema: described("The deployment's notebook and its version") }, async (request, reply) => {
        const client = clientOf(request, parts);
        if (!client) return refuseName(reply);
        const found = await parts.notebooks.read(client.deployment);
        if (found) reply.header(VERSION, found.version);
        return reply.type(HTML).send(found?.bytes ?? "");
      });
      app.put(
        `${base}/notebook`,
        { schema: described("Replaces the deployment's notebook; answers its exported Python text") },
        async (request, reply) => {
          const client = clientOf(request, parts);
          return client ? await replace(client.deployment, request, reply, parts) : refuseName(reply);
        },
      );
    }
  };

type Deployed = OldClient & { readonly deployment: string };

/** Each deployment remembers its own last model, as each of DLTK's containers does. */
function clientOf(request: FastifyRequest, { callerOf }: DltkRouteParts): Deployed | undefined {
  const { algorithm } = request.params as { algorithm?: string }; // routes with a parameter of this name
  if (algorithm === undefined) return { caller: callerOf(request), deployment: DEPLOYED_MODULE };
  const name = AlgorithmName.safeParse(algorithm);
  return name.success && Buffer.byteLength(name.data) <= MOST_NAME_BYTES
    ? { caller: `${callerOf(request)}/${nameKey(name.data)}`, deployment: name.data }
    : undefined;
}

async function call(
  method: "fit" | "apply",
  client: Deployed,
  request: FastifyRequest,
  reply: FastifyReply,
  { old, newRunId }: DltkRouteParts,
): Promise<FastifyReply> {
  const run = newRunId();
  const answer = dsdlAnswer(replyBody(reply, run), `/${method} done successfully`, HTML);
  const body = chunksOf(request.raw);
  answer.finish(
    isJson(request.headers["content-type"])
      ? await old.call({ run, method, body, client, named: null }, answer, goneSignal(reply))
      : { status: "error", message: dsdlMessage(method, "json", NO_JSON_TYPE, client.deployment) },
  );
  return reply;
}

async function summary(client: Deployed, reply: FastifyReply, { old, newRunId, version }: DltkRouteParts): Promise<FastifyReply> {
  const { model, summary } = await old.summary(newRunId(), client.caller, goneSignal(reply));
  const head = JSON.stringify({ app: "compute-bridge", version, model }).slice(0, -1);
  return reply.type(HTML).send(summary === undefined ? `${head}}` : `${head},"model_summary":${summary}}`);
}

async function replace(
  deployment: string,
  request: FastifyRequest,
  reply: FastifyReply,
  { notebooks }: DltkRouteParts,
): Promise<FastifyReply> {
  const sent = request.headers[VERSION];
  const version = typeof sent === "string" && /^[+-]?\d{1,15}$/.test(sent.trim()) ? Number(sent) : undefined;
  if (version === undefined) {
    return sentence(
      reply,
      500,
      `The header X-Notebook-Version is ${sent === undefined ? "missing" : "no whole number"}.`,
      "Send the version of this notebook in it, such as 1; nothing was stored.",
    );
  }
  return reply.type(HTML).send(await notebooks.replace(deployment, version, await whole(request)));
}

async function whole({ raw }: FastifyRequest): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunksOf(raw)) {
    bytes += chunk.length;
    if (bytes > MOST_NOTEBOOK_BYTES)
      throw new TooLarge(
        `A notebook of more than ${MOST_NOTEBOOK_BYTES / 2 ** 20} MB is not taken.`,
        "Clear its outputs and send it again.",
      );
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Flask's rule: `application/json`, or `application/…+json`. */
function isJson(type = ""): boolean {
  return /^application\/(?:[^;]*\+)?json$/.test((type.split(";", 1)[0] ?? "").trim().toLowerCase());
}

function refuseName(reply: FastifyReply): FastifyReply {
  return sentence(
    reply,
    404,
    "This address names no algorithm.",
    "Use a name without slashes, control characters and a leading dot, percent-encoded.",
  );
}

function sentence(reply: FastifyReply, status: number, message: string, hint: string): FastifyReply {
  reply.raw.statusMessage = message;
  return reply.code(status).type("text/plain; charset=utf-8").send(`${message} ${hint}\n`);
}

function described(summary: string) {
  return { summary, tags: ["old clients"], security: [] };
}
