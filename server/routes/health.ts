import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";

const Check = z.object({ name: z.string(), ok: z.boolean(), detail: z.string() });
const Ready = z.object({ ready: z.boolean(), checks: z.array(Check) });

export interface HealthRouteParts {
  readonly ready: () => Promise<z.infer<typeof Check>[]>;
}

/** `/health/live` and `/health/ready`. Alive means that the process answers: it looks at nothing else, and needs no token. */
export const healthRoutes =
  ({ ready }: HealthRouteParts): FastifyPluginAsyncZod =>
  async (app) => {
    const tags = ["health"];
    app.get(
      "/health/live",
      { schema: { summary: "Whether the bridge runs", tags, security: [], response: { 200: z.object({ live: z.literal(true) }) } } },
      async () => ({ live: true as const }),
    );
    app.get(
      "/health/ready",
      { schema: { summary: "Whether calls can be answered now, and what is missing if not", tags, response: { 200: Ready, 503: Ready } } },
      async (_request, reply) => {
        const checks = await ready();
        const isReady = checks.every(({ ok }) => ok);
        return reply.code(isReady ? 200 : 503).send({ ready: isReady, checks });
      },
    );
  };
