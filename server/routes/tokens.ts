import type { FastifyRequest } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { UserToken, Verb } from "#contract/caller.ts";
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
  readonly users: {
    /** Undefined: whoever has that name vouches for nobody. */
    issue(asked: UserToken, by: string): Promise<{ token: string; expiresAt: string } | undefined>;
  };
  /** The name of the token that asks. */
  readonly callerOf: (request: FastifyRequest) => string;
  /** The name of the bridge's own token, which alone may make others. */
  readonly owner: string;
}

const Named = z.strictObject({ name });
const IssuedToUser = z.object({ token: z.string(), user: z.string(), verbs: z.array(Verb), expiresAt: z.iso.datetime() });

/**
 * `/v1/tokens`: further tokens, by name, which only the bridge's own token may see, make and remove; and short-lived
 * ones for users, which every token may make for those that it vouches for, such as the Splunk app's.
 */
export const tokensRoutes =
  ({ kept, users, callerOf, owner }: TokensRouteParts): FastifyPluginAsyncZod =>
  async (app) => {
    const tags = ["tokens"];
    const ownerOnly = (request: FastifyRequest) => {
      if (callerOf(request) === owner) return;
      throw new Forbidden("Only the bridge's own token may manage tokens.", "Ask with the token that `bridge token` prints.");
    };

    app.get(
      "/v1/tokens",
      { schema: { summary: "Further tokens, without their texts", tags, response: { 200: z.array(Listed) } } },
      async (request) => {
        ownerOnly(request);
        return kept.list();
      },
    );

    app.post(
      "/v1/tokens",
      {
        schema: {
          summary: "Make a token; its text is shown this once",
          description:
            "With a name: one that stays until it is removed. With user, verbs and seconds: one for a user that the asking token vouches for.",
          tags,
          body: z.union([Named, UserToken]),
          response: { 201: z.union([IssuedToUser, z.object({ name: z.string(), token: z.string() })]) },
        },
      },
      async (request, reply) => {
        const { body } = request;
        if ("name" in body) {
          ownerOnly(request);
          return reply.code(201).send({ name: body.name, token: await kept.add(body.name) });
        }
        const by = callerOf(request);
        const issued = await users.issue(body, by);
        if (!issued) throw new Forbidden(`${by} vouches for no users.`, "Ask with a token, such as one that `bridge tokens add` makes.");
        return reply.code(201).send({ ...issued, user: body.user, verbs: body.verbs });
      },
    );

    app.delete(
      "/v1/tokens/:name",
      { schema: { summary: "Remove a token: it is good for nothing from now on", tags, params: z.object({ name: z.string() }) } },
      async (request, reply) => {
        ownerOnly(request);
        await kept.remove(request.params.name);
        return reply.code(204).send();
      },
    );
  };
