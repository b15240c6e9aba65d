import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import fp from "fastify-plugin";
import { jsonSchemaTransform } from "fastify-type-provider-zod";
import { z } from "zod";
import { PROBLEM_TYPE, ProblemBody } from "./problem.ts";
import { protection } from "./protection.ts";

/** Parts of an operation as OpenAPI says them. */
interface Operation {
  readonly requestBody?: object;
  readonly responses?: Readonly<Record<number, object>>;
}

declare module "fastify" {
  interface FastifyContextConfig {
    /** What no schema says, as nothing checks it on its way: bodies that are streams. */
    readonly told?: Operation;
  }
}

/**
 * The description of the API at `/openapi.json`, made from the routes' schemas, a page to read and try it at `/docs`,
 * and headers that keep browsers from doing more with our pages than they need. Register it before any route.
 */
export const docs = ({ version }: { readonly version: string }) =>
  fp(
    async (app) => {
      app.addHook("onRequest", (_request, reply, done) => {
        reply.headers(protection);
        done();
      });

      const failure = {
        description: "What is wrong, and what to do (RFC 9457)",
        content: { [PROBLEM_TYPE]: { schema: z.toJSONSchema(ProblemBody) } },
      };
      const operations = new Map<string, Operation>();
      await app.register(swagger, {
        openapi: {
          openapi: "3.1.0",
          info: { title: "compute-bridge", description: "Runs notebook code on Splunk search results.", version },
          components: { securitySchemes: { bearer: { type: "http", scheme: "bearer" } } },
          security: [{ bearer: [] }],
        },
        transform: (route) => {
          const { schema, url } = jsonSchemaTransform(route);
          const { told } = route.route.config ?? {};
          if (told) for (const verb of [route.route.method].flat()) operations.set(`${verb.toLowerCase()} ${inBraces(url)}`, told);
          return { schema: { ...schema, response: { ...(schema.response ?? {}), default: failure } }, url };
        },
        transformObject: (made) => {
          const document = "openapiObject" in made ? made.openapiObject : made.swaggerObject;
          const paths: [string, Record<string, { responses?: object }>][] = Object.entries({ ...document.paths });
          for (const [path, verbs] of paths) {
            for (const [verb, operation] of Object.entries(verbs)) {
              const { responses, ...told } = operations.get(`${verb} ${path}`) ?? {};
              Object.assign(operation, told, { responses: { ...responses, ...operation.responses } });
            }
          }
          return document;
        },
      });
      app.get("/openapi.json", { schema: { hide: true } }, async () => app.swagger());
      await app.register(swaggerUi, { routePrefix: "/docs", uiConfig: { deepLinking: true, persistAuthorization: false } });
    },
    { name: "docs" },
  );

/** `/v1/runs/:id` as OpenAPI writes it. */
function inBraces(url: string): string {
  return url.replaceAll(/:(\w+)/g, "{$1}");
}
