import type { Algorithm } from "#contract/algorithm.ts";
import { BadCall, NotFound, NotLive } from "#contract/errors.ts";
import type { Manifest } from "#contract/manifest.ts";
import { problemLine } from "#contract/problem.ts";
import { nearNames } from "../store/near.ts";
import type { Store } from "../store/store.ts";

const MOST_NAMED = 10;

/** Names that were meant, or else the first of those that there are. */
export async function noAlgorithm(algorithms: Store["algorithms"], name: string): Promise<NotFound> {
  const names = (await algorithms.list()).map((each) => each.name);
  const nearest = nearNames(name, names);
  return new NotFound("algorithm", name, nearest.length > 0 ? nearest : names.slice(0, MOST_NAMED));
}

/** No save of it ever ran. */
export function notLive({ name, problems, notebook }: Algorithm): NotLive {
  const errors = problems.filter((each) => each.severity === "error");
  const first = errors[0];
  return new NotLive(
    `No version of ${name} may run yet: its last save has ${errors.length === 1 ? "an error" : `${errors.length} errors`}.`,
    first ? `Mend this first: ${problemLine(notebook ?? name, first)}` : "Save the notebook once more.",
    { problems: errors },
  );
}

/** The version has other methods, or none. */
export function noMethod({ name, methods }: Manifest, method: string): BadCall {
  if (methods.length > 0) return new BadCall(`${name} has no method "${method}".`, `Use one of: ${methods.join(", ")}.`);
  return new BadCall(`${name} is a library: it has no method to call.`, "Mark a cell that defines fit or apply, and save the notebook.");
}

/** Names the versions that the model has, if it has any. */
export async function noModel(models: Store["models"], algorithm: string, model: string, modelVersion: string): Promise<NotFound> {
  const known = await models.list({ algorithm, name: model, limit: MOST_NAMED });
  if (known.length === 0) return new NotFound(`model of ${algorithm}`, model);
  const names = known.flatMap((each) => [...each.aliases, String(each.version)]);
  return new NotFound(`version of the model ${model}`, modelVersion, names);
}
