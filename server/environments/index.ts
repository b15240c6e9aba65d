import { NotFound } from "#contract/errors.ts";
import type { Environment } from "./environment.ts";

/**
 * Finds an environment by its name or an alias, ignoring case.
 *
 * @throws NotFound with the names that there are
 */
export function environmentFinder(environments: readonly Environment[]): (name: string) => Environment {
  const byName = new Map<string, Environment>();
  for (const environment of environments) {
    for (const name of [environment.name, ...environment.aliases]) byName.set(name.toLowerCase(), environment);
  }
  return (name) => {
    const found = byName.get(name.trim().toLowerCase());
    if (found) return found;
    throw new NotFound(
      "environment",
      name,
      environments.map((each) => each.name),
    );
  };
}
