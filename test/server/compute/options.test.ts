import { describe, expect, it } from "vitest";
import { BadCall } from "#contract/errors.ts";
import { readOptions } from "../../../server/compute/options.ts";

describe("readOptions", () => {
  it("gives the functions DSDL's param: options as strings, variables as lists at both places", () => {
    const { param, ...rest } = readOptions({
      algorithm: "iris",
      method: "fit",
      feature_variables: "a, b",
      target_variables: "c",
      model_name: "m",
      depth: "3",
    });
    expect(rest).toEqual({
      method: "fit",
      algorithm: "iris",
      model: "m",
      modelVersion: null,
      isModelNamed: true,
      environment: null,
      fields: null,
      append: null,
    });
    expect(JSON.parse(param)).toEqual({
      options: {
        params: {
          algo: "iris",
          algorithm: "iris",
          method: "fit",
          feature_variables: "a, b",
          target_variables: "c",
          model_name: "m",
          depth: "3",
        },
        args: ["c", "a", "b"],
        target_variable: ["c"],
        target_variables: ["c"],
        feature_variables: ["a", "b"],
        model_name: "m",
        algo_name: "MLTKContainer",
        mlspl_limits: {},
        kfold_cv: null,
      },
      feature_variables: ["a", "b"],
      target_variables: ["c"],
    });
  });

  it("stages without an algorithm", () => {
    expect(readOptions({ mode: "stage", model_name: "rows" })).toMatchObject({ method: "stage", algorithm: null, model: "rows" });
  });

  it.each([
    [{ method: "fit" }],
    [{ algorithm: "a" }],
    [{ algorithm: "a", mode: "production" }],
    [{ algorithm: ["a", "b"], method: "fit" }],
    [{ algorithm: "../x", method: "fit" }],
    [{ algorithm: ".hidden", method: "fit" }],
    [{ algorithm: "a", method: "fit", model_name: "../x" }],
    [{ mode: "stage", model_name: "a/b" }],
  ])("refuses %j", (query) => {
    expect(() => readOptions(query)).toThrow(BadCall);
  });
});
