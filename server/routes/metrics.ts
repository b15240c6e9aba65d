import type { FastifyPluginAsync } from "fastify";

export interface MetricsRouteParts {
  readonly metrics: { text(): Promise<string>; readonly contentType: string };
}

/** `/metrics`, for Prometheus. */
export const metricsRoutes =
  ({ metrics }: MetricsRouteParts): FastifyPluginAsync =>
  async (app) => {
    app.get("/metrics", { schema: { summary: "Counts and gauges for Prometheus", tags: ["health"] } }, async (_request, reply) =>
      reply.type(metrics.contentType).send(await metrics.text()),
    );
  };
