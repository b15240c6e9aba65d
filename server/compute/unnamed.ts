import type { Algorithm } from "#contract/algorithm.ts";
import { DEFAULT_PROJECT } from "#contract/names.ts";

/** What an algorithm is called while nobody has read what its notebook says. */
export function unnamed(
  name: string,
): Pick<Algorithm, "project" | "name" | "title" | "description" | "category" | "runtime" | "environment"> {
  return { project: DEFAULT_PROJECT, name, title: name, description: "", category: "", runtime: "python", environment: "default" };
}
