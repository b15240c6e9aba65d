import type { FastifySchemaCompiler } from "fastify";
import { validatorCompiler } from "fastify-type-provider-zod";
import { z } from "zod";

/**
 * Checks requests by the routes' schemas. Headers that hold nothing of what a schema names are let through as they are: most
 * calls have none of theirs, and a copy of all others would be made each time.
 */
export const validating: FastifySchemaCompiler<z.ZodType> = (route) => {
  const validate = validatorCompiler(route);
  const names = route.httpPart === "headers" ? allOptional(route.schema) : undefined;
  if (!names) return validate;
  return (data) => (names.some((name) => name in data) ? validate(data) : true);
};

/** The names of a schema that lets through what has none of them, and adds nothing. */
function allOptional(schema: z.ZodType): readonly string[] | undefined {
  if (!(schema instanceof z.ZodObject)) return undefined;
  const other = { "x-other": "1" };
  const { data } = schema.safeParse(other);
  return JSON.stringify(data) === JSON.stringify(other) ? Object.keys(schema.shape) : undefined;
}
