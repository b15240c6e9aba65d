import type { Algorithm } from "#contract/algorithm.ts";
import { BadCall } from "#contract/errors.ts";
import type { Store } from "../store/store.ts";

/** By name first, then by title. @throws BadCall when several have the title. */
export async function findAlgorithm(algorithms: Store["algorithms"], name: string): Promise<Algorithm | undefined> {
  return (await algorithms.find(name)) ?? (await titled(algorithms, name));
}

async function titled(algorithms: Store["algorithms"], name: string): Promise<Algorithm | undefined> {
  // A call that names nothing must not run whatever has no title.
  const found = name.trim() === "" ? [] : await algorithms.findByTitle(name);
  if (found.length > 1) {
    const names = found.map((each) => each.name).join(", ");
    throw new BadCall(`Several algorithms have the title "${name}".`, `Use the name of one: ${names}.`);
  }
  return found[0];
}
