import { BadCall } from "#contract/errors.ts";
import { AlgorithmName, DEFAULT_MODEL, FileSafeName, ModelVersionName } from "#contract/names.ts";

/** Options of `POST /v1/compute` that the bridge reads itself; any other goes to the functions alone. */
export interface ComputeOptions {
  readonly method: string;
  readonly algorithm: string | null;
  readonly model: string;
  /** Null: the latest. */
  readonly modelVersion: string | null;
  /** Whether the call named the model itself. */
  readonly isModelNamed: boolean;
  readonly environment: string | null;
  readonly fields: string[] | null;
  /** Null: the call does not say. */
  readonly append: boolean | null;
  /** The `param` of the functions, as JSON text. */
  readonly param: string;
}

/**
 * Reads the query of a compute call. `param` gets the shape that DSDL sends (contracts, section 2): every option as
 * a string in `options.params`, the lists of variables both at the top and under `options`.
 *
 * @throws BadCall when an option is missing, repeated or out of its range.
 */
export function readOptions(query: Readonly<Record<string, unknown>>): ComputeOptions {
  const options: Record<string, string> = {};
  for (const [key, value] of Object.entries(query)) {
    if (typeof value !== "string")
      throw new BadCall(`The option ${key} is given more than once.`, `Give ${key} once; separate several values by commas.`);
    options[key] = value;
  }
  const { algorithm, method, mode, model_name, model_version, environment, fields, append, feature_variables, target_variables } = options;
  if (mode !== undefined && mode !== "stage") {
    throw new BadCall(`mode=${mode} is not known.`, "Use mode=stage, or leave mode away and name a method.");
  }
  if (!mode && !method) throw new BadCall("The call names no method.", "Add method=fit, method=apply or method=summary, or mode=stage.");
  if (!mode && !algorithm) throw new BadCall("The call names no algorithm.", "Add algorithm=<name>; GET /v1/algorithms lists them.");
  if (algorithm !== undefined && !AlgorithmName.safeParse(algorithm).success) {
    throw new BadCall(
      `"${algorithm}" cannot be the name of an algorithm.`,
      "Use a name without slashes, control characters and a leading dot.",
    );
  }
  const model = fileSafe("model_name", model_name ?? DEFAULT_MODEL);
  if (model_version !== undefined && (mode ?? method) === "fit") throw noVersionToFit();
  const features = list(feature_variables);
  const targets = list(target_variables);
  const { environment: _, ...params } = options;
  return {
    method: mode ?? method ?? "",
    algorithm: algorithm ?? null,
    model,
    modelVersion: model_version === undefined ? null : versionName(model_version),
    isModelNamed: model_name !== undefined,
    // An empty one is none: saved searches fill it from a form.
    environment: environment?.trim() || null,
    // An empty list chooses nothing: saved searches fill it from a form.
    fields: list(fields).length === 0 ? null : list(fields),
    append: truth("append", append),
    param: JSON.stringify({
      options: {
        params: algorithm === undefined ? params : { algo: algorithm, ...params },
        args: [...targets, ...features],
        ...(targets.length > 0 ? { target_variable: targets, target_variables: targets } : {}),
        feature_variables: features,
        model_name: model,
        algo_name: "MLTKContainer",
        mlspl_limits: {},
        kfold_cv: null,
      },
      feature_variables: features,
      ...(targets.length > 0 ? { target_variables: targets } : {}),
    }),
  };
}

/** Checks the option `model_version`. @throws BadCall */
export function versionName(text: string): string {
  const parsed = ModelVersionName.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new BadCall(
    `model_version="${text}" names no version.`,
    "Give a number from 1, or an alias such as latest; bridge models NAME lists them.",
  );
}

function noVersionToFit(): BadCall {
  return new BadCall("A fit makes a new version of its model, so that it takes no model_version.", "Leave model_version away.");
}

/** Checks a name that becomes part of a file's name. @throws BadCall */
export function fileSafe(option: string, name: string): string {
  const parsed = FileSafeName.safeParse(name);
  if (parsed.success) return parsed.data;
  throw new BadCall(
    `${option}="${name}" is no name: ${parsed.error.issues[0]?.message ?? "it is not allowed"}.`,
    `Choose a ${option} of letters, digits, _ - and dots.`,
  );
}

/** Splunk's words for yes and no; an empty one is none. @throws BadCall */
function truth(option: string, text: string | undefined): boolean | null {
  const word = text?.trim().toLowerCase() ?? "";
  if (word === "") return null;
  if (["true", "t", "1"].includes(word)) return true;
  if (["false", "f", "0"].includes(word)) return false;
  throw new BadCall(`${option}=${text} is neither true nor false.`, `Write ${option}=true or ${option}=false.`);
}

function list(text: string | undefined): string[] {
  return (text ?? "")
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
}
