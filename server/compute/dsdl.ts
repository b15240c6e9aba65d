import type { Call } from "#contract/call.ts";
import { BridgeError } from "#contract/errors.ts";
import { DEFAULT_MODEL, FileSafeName } from "#contract/names.ts";
import type { Phase } from "#contract/worker.ts";
import { WorkerFailed } from "../workers/call.ts";
import { parsePythonJson } from "./python-json.ts";

export type DsdlMethod = "fit" | "apply";

/** What a body of the old endpoints asks for, or the phase and text with which DSDL would have refused it. */
export type DsdlRequest =
  | { readonly kind: "call"; readonly algorithm: string; readonly model: string; readonly modelVersion: string | null }
  | { readonly kind: "stage"; readonly name: string }
  | { readonly kind: "refused"; readonly phase: DsdlPhase; readonly message: string };

/** The phases of DSDL's error texts (contracts, section 2), in their order. */
const phaseTexts = {
  json: 'unable to parse json from POST data. Provide a JSON object with structure { "data" : "<string of csv serialized pandas dataframe>", "meta" : {<json dict object for parameters>}}',
  csv: "unable to convert raw data to pandas dataframe",
  stage: "unable to stage dataframe",
  load: "unable to load algo code from module",
  init: "unable to initialize module",
  fit: "unable to fit model",
  save: "unable to save model",
  apply: "unable to apply model",
} as const;
export type DsdlPhase = keyof typeof phaseTexts;

/** DLTK's own wording of a phase (contracts, section 3); the others are DSDL's. */
const dltkPhaseTexts: Partial<Record<DsdlPhase, string>> = { stage: "unable stage dataframe" };

/** Modules that DLTK's clients name when the search names none: the one notebook of a deployment. */
export const DEPLOYED_MODULE = "notebook";
const deployedModules: ReadonlySet<string> = new Set([DEPLOYED_MODULE, "algo"]);

/**
 * Who asks through the old endpoints. `deployment` is the algorithm that a DLTK address stands for, and makes the
 * answers DLTK's; null: DSDL.
 */
export interface OldClient {
  readonly caller: string;
  readonly deployment: string | null;
}

/** The text of a failed call, as DSDL writes it, or DLTK for a deployment. */
export function dsdlMessage(method: DsdlMethod, phase: DsdlPhase, exception: string, deployment: string | null = null): string {
  const text = (deployment === null ? undefined : dltkPhaseTexts[phase]) ?? phaseTexts[phase];
  return `/${method}: ERROR: ${text}. Ended with exception: ${exception}`;
}

/**
 * Reads `meta` in the order in which DSDL does, so that the first thing wrong is the one told.
 * Refusals of phase `csv` and later hold only once the rows have been read: the caller looks at those first.
 */
export function readDsdlMeta(method: DsdlMethod, metaJson: string, deployment: string | null = null): DsdlRequest {
  const meta = parsePythonJson(metaJson);
  const options = member(meta, "options");
  if (options instanceof PythonError) return refused("csv", options.message);
  let model = DEFAULT_MODEL;
  if (has(options, "model_name")) {
    const named = member(options, "model_name");
    if (typeof named !== "string") return refused("csv", `can only concatenate str (not "${pythonType(named)}") to str`);
    model = named;
  }
  const hasParams = has(options, "params");
  const params = hasParams ? member(options, "params") : new PythonError("'params'");
  const bad = FileSafeName.safeParse(model).error?.issues[0]?.message;
  if (method === "fit" && hasParams && has(params, "mode")) {
    const mode = member(params, "mode");
    if (typeof mode !== "string") return refused("stage", noStrip(mode));
    if (unquoted(mode) === "stage")
      return bad === undefined ? { kind: "stage", name: model } : refused("stage", `model_name "${model}" is refused: ${bad}`);
    if (deployment !== null) return refused("stage", noOtherMode(mode));
  }
  const early: DsdlPhase = method === "fit" ? "load" : "init";
  if (params instanceof PythonError) return refused(early, params.message);
  const unnamed = deployment === null ? new PythonError("'algo'") : DEPLOYED_MODULE;
  const algo = has(params, "algo") ? member(params, "algo") : unnamed;
  if (algo instanceof PythonError) return refused("init", algo.message);
  if (typeof algo !== "string") return refused(early, noStrip(algo));
  if (bad !== undefined) return refused("init", `model_name "${model}" is refused: ${bad}`);
  return {
    kind: "call",
    algorithm: deployment === null ? unquoted(algo) : deployedAs(unquoted(algo), deployment),
    model,
    modelVersion: method === "apply" ? versionIn(params) : null,
  };
}

/** Old notebooks may have an option `model_version` of their own: only a number, or `latest`, is a version of the model. */
function versionIn(params: unknown): string | null {
  const version = unquoted(String(has(params, "model_version") ? member(params, "model_version") : ""));
  return /^(?:[1-9]\d{0,8}|latest)$/.test(version) ? version : null;
}

/** At the address of a deployment `notebook` and `algo` are its own notebook; at DLTK's plain address they are what they say. */
function deployedAs(module: string, deployment: string): string {
  return deployment !== DEPLOYED_MODULE && deployedModules.has(module) ? deployment : module;
}

/** DLTK's own answer is a Python error about an unset `path`, for any mode but stage. */
function noOtherMode(mode: string): string {
  return `local variable 'path' referenced before assignment (mode is ${JSON.stringify(mode)}: use mode=stage, or leave mode away to fit)`;
}

/** The call of an old request; its `param` is `meta` exactly as it was sent, or null while that is still to come. */
export function toCall(method: DsdlMethod | "stage", algorithm: string | null, model: string, param: string | null, caller: string): Call {
  return {
    method,
    algorithm,
    model,
    modelVersion: null,
    param,
    caller,
    environment: null,
    fields: null,
    append: null,
    strict: true,
    input: "csv",
    output: "csv",
    timeout: null,
    rowsSent: null,
    search: null,
    part: null,
  };
}

/** Which of DSDL's phases an error belongs to, and what stands where it prints `str(e)`: of a deployment's fit(), the traceback. */
export function dsdlFailure(method: DsdlMethod, error: unknown, deployment: string | null = null): { phase: DsdlPhase; exception: string } {
  const early: DsdlPhase = method === "fit" ? "load" : "init";
  if (error instanceof WorkerFailed) {
    const { phase, message, traceback } = error.error;
    const isTraced = deployment !== null && phase === "fit" && traceback !== "";
    return { phase: workerPhase(method, phase), exception: isTraced ? traceback : message };
  }
  if (error instanceof BridgeError && error.code === "NOT_FOUND" && error.message.startsWith("There is no algorithm ")) {
    const name = /named "(.*)"/.exec(error.message)?.[1] ?? "";
    return { phase: early, exception: `No module named 'app.model.${name}'` };
  }
  if (error instanceof BridgeError && ["NOT_LIVE", "BEING_CHECKED", "BAD_CALL"].includes(error.code))
    return { phase: early, exception: `${error.message} ${error.hint}` };
  if (error instanceof BridgeError) return { phase: method, exception: `${error.message} ${error.hint}` };
  return { phase: method, exception: "The bridge failed while answering. Look at the server's log." };
}

function workerPhase(method: DsdlMethod, phase: Phase): DsdlPhase {
  switch (phase) {
    case "parse":
      return "csv";
    case "stage":
      return "stage";
    case "import":
      return method === "fit" ? "load" : "init";
    case "init":
    case "load":
    case "summary":
      return "init";
    case "fit":
    case "save":
      return phase;
    case "apply":
    case "result":
      return "apply";
    case "protocol":
      return method;
  }
}

/** `null`, numbers and the like where DSDL expects the text of the rows: pandas' words for each. */
export function notText(json: string): string {
  const value = parsePythonJson(json);
  if (value === null) return "No columns to parse from file";
  return `initial_value must be str or None, not ${pythonType(value)}`;
}

class PythonError {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

/** `value[key]` as Python would evaluate it on parsed JSON. */
function member(value: unknown, key: string): unknown {
  if (has(value, key) && typeof value === "object" && value !== null && !Array.isArray(value))
    return (value as Record<string, unknown>)[key];
  if (Array.isArray(value)) return new PythonError("list indices must be integers or slices, not str");
  if (typeof value === "string") return new PythonError("string indices must be integers, not 'str'");
  if (value !== null && typeof value === "object") return new PythonError(`'${key}'`);
  return new PythonError(`'${pythonType(value)}' object is not subscriptable`);
}

function has(value: unknown, key: string): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value) && Object.hasOwn(value, key);
}

function unquoted(text: string): string {
  return text.replaceAll(/^"+|"+$/g, "");
}

function noStrip(value: unknown): string {
  return value instanceof PythonError ? value.message : `'${pythonType(value)}' object has no attribute 'lstrip'`;
}

function pythonType(value: unknown): string {
  if (value === null) return "NoneType";
  if (Array.isArray(value)) return "list";
  switch (typeof value) {
    case "boolean":
      return "bool";
    case "number":
      return Number.isInteger(value) ? "int" : "float";
    case "string":
      return "str";
    default:
      return "dict";
  }
}

function refused(phase: DsdlPhase, message: string): DsdlRequest {
  return { kind: "refused", phase, message };
}
