import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { Unauthorized } from "#contract/errors.ts";

export interface LoginRouteParts {
  /** A one-time code for the `Set-Cookie` of a session; undefined: no such code, or no longer. */
  readonly exchange: (code: string) => string | undefined;
}

/** `/login?code=…`: the address that is printed at start. Signs a browser in and shows it the API. */
export const loginRoutes =
  ({ exchange }: LoginRouteParts): FastifyPluginAsyncZod =>
  async (app) => {
    app.get(
      "/login",
      {
        schema: {
          summary: "Sign a browser in with a one-time code",
          tags: ["health"],
          security: [],
          querystring: z.object({ code: z.string() }),
        },
      },
      async ({ query: { code }, protocol }, reply) => {
        const cookie = exchange(code);
        if (cookie === undefined) throw new Unauthorized("unknown");
        const secure = protocol === "https" ? "; Secure" : "";
        return reply.header("set-cookie", `${cookie}${secure}`).header("cache-control", "no-store").redirect("/docs", 303);
      },
    );
  };
