import { NotebookSettings } from "#contract/manifest.ts";
import type { Problem } from "#contract/problem.ts";
import type { Language } from "./languages.ts";

/** The environment of notebooks that choose none. */
const DEFAULT_ENVIRONMENT = "local";

/** What a notebook's `metadata.compute_bridge` or a module's settings say, with its defaults. What is wrong is left out and told, so that the rest can be looked at. */
export function readSettings(raw: unknown, name: string, { runtimes }: Language, place = "The notebook's metadata compute_bridge") {
  const { settings, problems } = withoutBad(raw, place);
  const { title = name, description = "", category = "", requirements = [], options = {} } = settings;
  const { runtime = runtimes[0], environment = DEFAULT_ENVIRONMENT } = settings;
  if (!runtimes.includes(runtime)) {
    problems.push(bad(place, "runtime", `"${runtime}" does not run its language`, `Use one of: ${runtimes.join(", ")}.`));
  }
  return { problems, settings: { title, description, category, runtime, environment, requirements, options } };
}

function withoutBad(raw: unknown, place: string): { settings: NotebookSettings; problems: Problem[] } {
  const read = NotebookSettings.safeParse(raw ?? {});
  if (read.success) return { settings: read.data, problems: [] };
  const problems = read.error.issues.map((each) => {
    const hint = each.code === "invalid_value" ? `Use one of: ${each.values.join(", ")}.` : "Mend it there and save.";
    return bad(place, each.path.join("."), each.message, hint);
  });
  const left = structuredClone(raw);
  for (const { path } of read.error.issues) drop(left, path.slice(0, 2));
  const again = NotebookSettings.safeParse(left);
  return { settings: again.success ? again.data : {}, problems };
}

/** Drops a wrong value, such as one option; a list loses all of its members. */
function drop(settings: unknown, [key, ...deeper]: readonly PropertyKey[]): void {
  if (!isObject(settings) || key === undefined) return;
  const inner = settings[key];
  if (deeper.length > 0 && isObject(inner) && !Array.isArray(inner)) drop(inner, deeper);
  else delete settings[key];
}

function isObject(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === "object" && value !== null;
}

function bad(place: string, key: string, why: string, hint: string): Problem {
  const where = key ? `${place}.${key}` : place;
  return { severity: "error", code: "bad-setting", message: `${where} cannot be used: ${why}.`, hint };
}
