import { join } from "node:path";
import type { Call } from "#contract/call.ts";
import type { ColumnType, Manifest } from "#contract/manifest.ts";
import type { ModelVersion } from "#contract/model.ts";
import type { WorkerCall } from "#contract/worker.ts";
import type { BridgeHome } from "./home.ts";

/** What a worker is told of a call of a method. @param unfinished the folder that a fit writes its model to */
export function callForWorker(
  home: BridgeHome,
  run: string,
  call: Call,
  { manifest, model }: { readonly manifest: Manifest; readonly model: ModelVersion | undefined },
  unfinished: string | undefined,
): WorkerCall {
  const { options } = manifest;
  const signature = model ? readOnce(home, model).types : null;
  return {
    run,
    method: call.method,
    strict: call.strict,
    param: call.param,
    model: { ...modelForWorker(home, manifest, call.model, model), ...(unfinished !== undefined && { folder: unfinished }) },
    input: {
      format: call.input,
      fields: call.fields,
      types: call.strict ? null : options.types ? { ...signature, ...options.types } : signature,
      fitted: options.types === undefined,
      // A part's columns must not depend on what other parts hold.
      untyped: call.part === null ? "guess" : "text",
      rowWise: !call.strict && call.method === "apply" && options.apply === "row-wise",
      dropMultivalue: !call.strict,
      file: null,
      segments: [],
    },
    output: { format: call.output, append: !call.strict && (call.append ?? options.append ?? false) },
    stage: null,
  };
}

/** What a worker is told of a model. @param model its fitted version, if there is one */
export function modelForWorker(
  home: BridgeHome,
  { name: algorithm, options }: Manifest,
  name: string,
  model: ModelVersion | undefined,
): NonNullable<WorkerCall["model"]> {
  return {
    name: `${algorithm}_${name}`,
    // Without a fitted version the files may be anybody's and may change: load them each time.
    key: model && options.keep_model !== false ? `${algorithm}/${name}@${model.version}` : null,
    folder: model ? readOnce(home, model).folder : home.data,
    shared: home.data,
  };
}

/** What calls are told of a model and is the same each time. */
interface ReadModel {
  readonly root: string;
  readonly folder: string;
  readonly types: Record<string, ColumnType> | null;
}

const known = new WeakMap<ModelVersion, ReadModel>();

/** Calls hold the same model again and again, and nobody changes one. */
function readOnce({ root }: BridgeHome, model: ModelVersion): ReadModel {
  const before = known.get(model);
  if (before?.root === root) return before;
  const types = model.signature ? Object.fromEntries(model.signature.map(({ name, type }) => [name, type])) : null;
  const read = { root, folder: join(root, model.folder), types };
  known.set(model, read);
  return read;
}

/** How long a call may take, and by which limit: its own, its algorithm's, or the bridge's. */
export function deadlineOf(call: Call, manifest: Manifest | null, bridgeTimeout: number): { seconds: number; limit: string } {
  if (call.timeout !== null) return { seconds: call.timeout, limit: "the header Compute-Timeout" };
  if (manifest?.options.timeout !== undefined) {
    return { seconds: manifest.options.timeout, limit: "options.timeout in the notebook's metadata" };
  }
  return { seconds: bridgeTimeout, limit: "BRIDGE_TIMEOUT" };
}
