import { NotFound } from "#contract/errors.ts";
import type { Environment } from "./environment.ts";

/**
 * Finds an environment by its name or an alias, ignoring case, and whether its words are joined by blanks, `_` or `-`.
 *
 * @throws NotFound with the names that there are
 */
export function environmentFinder(environments: readonly Environment[]): (name: string) => Environment {
  const byName = new Map<string, Environment>();
  for (const environment of environments) {
    for (const name of [environment.name, ...environment.aliases]) byName.set(keyOf(name), environment);
  }
  return (name) => {
    const found = byName.get(keyOf(name));
    if (found) return found;
    throw new NotFound(
      "environment",
      name,
      environments.map((each) => each.name),
    );
  };
}

function keyOf(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_-]+/g, "-");
}
