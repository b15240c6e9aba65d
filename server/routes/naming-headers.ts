import type { IncomingHttpHeaders } from "node:http";
import { z } from "zod";
import { BadCall } from "#contract/errors.ts";
import { DEFAULT_MODEL, FileSafeName } from "#contract/names.ts";
import type { Named } from "../compute/arriving-rows.ts";

/** What an old request may say before its body, whose `meta` comes after the rows. */
export const NamingHeaders = z.looseObject({
  "compute-algorithm": z
    .string()
    .optional()
    .describe("The algorithm that meta names, percent-encoded: the rows then go to a worker while they come, and no copy is held"),
  "compute-model": z
    .string()
    .optional()
    .describe("With Compute-Algorithm: the model_name that meta names, percent-encoded; default: default"),
});

/** Null when they name nothing. @throws BadCall */
export function namedIn(headers: IncomingHttpHeaders & z.infer<typeof NamingHeaders>): Named | null {
  const { "compute-algorithm": algorithm, "compute-model": model } = headers;
  if (algorithm === undefined) return null;
  const named = { algorithm: decoded("Compute-Algorithm", algorithm), model: decoded("Compute-Model", model ?? DEFAULT_MODEL) };
  const bad = FileSafeName.safeParse(named.model).error?.issues[0]?.message;
  if (bad !== undefined) throw new BadCall(`The header Compute-Model cannot be used: ${bad}`, "Name a model as model_name does.");
  return named;
}

function decoded(header: string, value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    throw new BadCall(`The header ${header} is not percent-encoded UTF-8.`, "Write it as encodeURIComponent or urllib.parse.quote does.");
  }
}
