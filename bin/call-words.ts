import { distance } from "fastest-levenshtein";
import { z } from "zod";
import { nearNames } from "../server/store/near.ts";
import type { BridgeApi } from "./api.ts";
import { readListed } from "./listing.ts";

/** What a search may say of a call besides its own options (docs/concepts/call.md). */
const known = [
  "algorithm",
  "method",
  "mode",
  "model_name",
  "model_version",
  "environment",
  "fields",
  "feature_variables",
  "target_variables",
];

/**
 * A call from words: ALGORITHM [METHOD] [key=value…].
 *
 * @param refuse ends the command with what is wrong
 */
export function callOf(words: readonly string[], refuse: (message: string) => never): URLSearchParams {
  const query = new URLSearchParams();
  for (const [key = "", value] of words.filter((each) => each.includes("=")).map((each) => each.split(/=(.*)/s))) {
    if (key.trim() === "") refuse(`"=${value}" has no key: write key=value`);
    if (query.has(key)) refuse(`${key}= is given twice: once is enough`);
    query.set(key, value ?? "");
  }
  const [algorithm, method, ...more] = words.filter((each) => !each.includes("="));
  if (more.length > 0) refuse(`"${more[0]}" is one word too many: ALGORITHM METHOD, then key=value; quote what has spaces`);
  const named = { algorithm, method };
  for (const key of ["algorithm", "method"] as const) {
    const word = named[key];
    if (word === undefined) continue;
    if (query.has(key)) refuse(`the ${key} is given twice: "${word}" and ${key}=${query.get(key)}`);
    query.set(key, word);
  }
  if (!query.has("mode") && !query.get("algorithm")) refuse("name an algorithm; bridge algorithms lists them");
  if (!query.has("mode") && !query.has("method")) query.set("method", "apply");
  return query;
}

/** Sentences about keys that only the notebook reads, but that look as if a call's own were meant. */
export function doubtfulKeys(query: URLSearchParams): string[] {
  return [...query.keys()]
    .filter((key) => !known.includes(key))
    .flatMap((key) => {
      const wanted = key.toLowerCase().replaceAll("-", "_");
      const meant = known.find((each) => wanted.length > 3 && each.startsWith(wanted)) ?? known.find((each) => distance(each, wanted) < 3);
      return meant === undefined ? [] : [`${key}= goes to the notebook's code; did you mean ${meant}=?`];
    });
}

/** For a call that failed: the model of its algorithm that may have been meant, where there is none of the name that it gave. */
export async function modelMeant(api: BridgeApi, query: URLSearchParams): Promise<string | undefined> {
  const [name, algorithm, method] = ["model_name", "algorithm", "method"].map((key) => query.get(key) ?? undefined);
  if (name === undefined || algorithm === undefined || method === "fit") return undefined;
  const known = await readListed(api, "/v1/models", z.object({ name: z.string() }), { limit: 1000 }, { algorithm }).catch(() => undefined);
  const names = known?.items.map((each) => each.name) ?? [];
  return names.includes(name) ? undefined : nearNames(name, names)[0];
}
