import { type Asked, modelNames, type Way } from "./side.ts";

/** DSDL's `POST /apply`, which the bridge has, too. */
export function dsdlWay(name: string, token: string): Way {
  return {
    ...{ name, form: "json", models: modelNames },
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    path: () => "/apply",
    body: dsdlBody,
  };
}

/** A body as Splunk sends it: every option is text. */
export function dsdlBody({ algorithm, model }: Asked, csv: string): string {
  const features = ["a", "b", "c", "d"];
  const meta = {
    options: {
      params: { algo: algorithm },
      args: ["label", ...features],
      target_variable: ["label"],
      feature_variables: features,
      model_name: model,
      algo_name: "MLTKContainer",
      mlspl_limits: { max_inputs: "100000", max_fit_time: "600" },
      kfold_cv: null,
    },
    feature_variables: features,
    target_variables: ["label"],
  };
  return JSON.stringify({ data: csv, meta });
}
