import { BadCall, NotFound } from "#contract/errors.ts";
import { nearNames } from "../store/near.ts";
import type { ModelsReader } from "../store/store.ts";

const MANY = 10_000;

/**
 * The algorithm whose model is meant: the one given, or the only one that has a model of that name.
 *
 * @throws NotFound; BadCall when several have one
 */
export async function ownerOf(models: ModelsReader, name: string, algorithm: string | undefined): Promise<string> {
  const owners = new Set((await models.list({ name, algorithm, limit: MANY })).map((each) => each.algorithm));
  const [owner, ...others] = owners;
  if (owner === undefined) {
    const names = (await models.list({ algorithm, limit: MANY })).map((each) => each.name);
    throw new NotFound(algorithm === undefined ? "model" : `model of ${algorithm}`, name, nearNames(name, names));
  }
  if (others.length > 0)
    throw new BadCall(`Several algorithms have a model "${name}".`, `Say which: algorithm=${[...owners].join(" or algorithm=")}.`);
  return owner;
}
