import type { FastifyRequest } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { Forbidden } from "#contract/errors.ts";

const Listed = z.object({ name: z.string(), createdAt: z.iso.datetime() });
const name = z
  .string()
  .regex(/^[A-Za-z][\w.-]{0,63}$/, "a token's name begins with a letter and goes on with letters, digits, _ . -")
  .describe("Who it is for; runs show it as their caller");

export interface TokensRouteParts {
  readonly kept: {
    list(): z.infer<typeof Listed>[];
    add(name: string): Promise<string>;
    remove(name: string): Promise<void>;
  };
  /** The name of the token that asks. */
  readonly callerOf: (request: FastifyRequest) => string;
  /** The name of the bridge's own token, which alone may make others. */
  readonly owner: string;
}

/** `/v1/tokens`: further tokens, by name. Only the bridge's own token may see, make and remove them. */
export const tokensRoutes =
  ({ kept, callerOf, owner }: TokensRouteParts): FastifyPluginAsyncZod =>
  async (app) => {
    const tags = ["tokens"];
    app.addHook("onRequest", async (request) => {
      if (callerOf(request) === owner) return;
      throw new Forbidden("Only the bridge's own token may manage tokens.", "Ask with the token that `bridge token` prints.");
    });

    app.get(
      "/v1/tokens",
      { schema: { summary: "Further tokens, without their texts", tags, response: { 200: z.array(Listed) } } },
      async () => kept.list(),
    );

    app.post(
      "/v1/tokens",
      {
        schema: {
          summary: "Make a token; its text is shown this once",
          tags,
          body: z.strictObject({ name }),
          response: { 201: z.object({ name: z.string(), token: z.string() }) },
        },
      },
      async ({ body }, reply) => reply.code(201).send({ name: body.name, token: await kept.add(body.name) }),
    );

    app.delete(
      "/v1/tokens/:name",
      { schema: { summary: "Remove a token: it is good for nothing from now on", tags, params: z.object({ name: z.string() }) } },
      async ({ params }, reply) => {
        await kept.remove(params.name);
        return reply.code(204).send();
      },
    );
  };
