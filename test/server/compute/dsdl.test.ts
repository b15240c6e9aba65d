import { describe, expect, it } from "vitest";
import { dsdlMessage, notText, readDsdlMeta } from "../../../server/compute/dsdl.ts";

const meta = (params: unknown, more: object = {}) => JSON.stringify({ options: { params, ...more } });

describe("readDsdlMeta", () => {
  it.each([
    ["fit", meta({ algo: '"iris"' }), { kind: "call", algorithm: "iris", model: "default", modelVersion: null }],
    ["apply", meta({ algo: "iris" }, { model_name: "m" }), { kind: "call", algorithm: "iris", model: "m", modelVersion: null }],
    ["fit", meta({ mode: "stage" }, { model_name: "rows" }), { kind: "stage", name: "rows" }],
    ["fit", meta({ mode: '"stage"', algo: "x" }), { kind: "stage", name: "default" }],
    ["fit", meta({ mode: "STAGE", algo: "x" }), { kind: "call", algorithm: "x", model: "default", modelVersion: null }],
    ["fit", meta({ mode: " stage ", algo: "x" }), { kind: "call", algorithm: "x", model: "default", modelVersion: null }],
    ["apply", meta({ mode: "stage", algo: "x" }), { kind: "call", algorithm: "x", model: "default", modelVersion: null }],
  ] as const)("%s %s", (method, json, expected) => {
    expect(readDsdlMeta(method, json)).toEqual(expected);
  });

  // The phases are the contract's table; the texts are what Python says of the same mistake.
  it.each([
    ["fit", "{}", "csv", "'options'"],
    ["fit", "5", "csv", "'int' object is not subscriptable"],
    ["fit", "[]", "csv", "list indices must be integers or slices, not str"],
    ["fit", meta({ algo: "x" }, { model_name: 5 }), "csv", 'can only concatenate str (not "int") to str'],
    ["fit", meta({ mode: 1, algo: "x" }), "stage", "'int' object has no attribute 'lstrip'"],
    ["fit", '{"options":{}}', "load", "'params'"],
    ["fit", meta({ algo: null }), "load", "'NoneType' object has no attribute 'lstrip'"],
    ["fit", meta({}), "init", "'algo'"],
    ["apply", '{"options":{}}', "init", "'params'"],
    ["apply", meta({}), "init", "'algo'"],
    ["apply", meta({ algo: 1.5 }), "init", "'float' object has no attribute 'lstrip'"],
  ] as const)("%s %s is refused in phase %s", (method, json, phase, message) => {
    expect(readDsdlMeta(method, json)).toEqual({ kind: "refused", phase, message });
  });

  it.each([["../x"], ["a/b"], ["..\\x"], [""], [".hidden"], ["a\u0000b"]])(
    "refuses the model name %j, which could leave its folder",
    (name) => {
      expect(readDsdlMeta("fit", meta({ algo: "x" }, { model_name: name }))).toMatchObject({ kind: "refused", phase: "init" });
      expect(readDsdlMeta("fit", meta({ mode: "stage" }, { model_name: name }))).toMatchObject({ kind: "refused", phase: "stage" });
    },
  );
});

it("says what pandas says of rows that are no text", () => {
  expect(notText("null")).toBe("No columns to parse from file");
  expect(notText("[1]")).toBe("initial_value must be str or None, not list");
});

it("writes an error as DSDL does", () => {
  expect(dsdlMessage("apply", "apply", "boom")).toBe("/apply: ERROR: unable to apply model. Ended with exception: boom");
});

describe("a deployment of DLTK's", () => {
  it.each([
    ["notebook", {}, "notebook"],
    ["notebook", { algo: "algo" }, "algo"],
    ["iris", {}, "iris"],
    ["iris", { algo: '"notebook"' }, "iris"],
    ["iris", { algo: "algo" }, "iris"],
    ["iris", { algo: "other" }, "other"],
  ])("at the address of %s runs for %j the algorithm %s", (deployment, params, algorithm) => {
    for (const method of ["fit", "apply"] as const) {
      expect(readDsdlMeta(method, meta(params), deployment)).toEqual({ kind: "call", algorithm, model: "default", modelVersion: null });
    }
  });

  it("stages, and refuses any other mode of a fit in DLTK's words", () => {
    expect(readDsdlMeta("fit", meta({ mode: '"stage"' }), "iris")).toEqual({ kind: "stage", name: "default" });
    const refused = readDsdlMeta("fit", meta({ mode: "Stage" }), "iris");
    expect(refused).toMatchObject({ kind: "refused", phase: "stage", message: expect.stringContaining("'path'") });
    expect(dsdlMessage("fit", "stage", "x", "iris")).toBe("/fit: ERROR: unable stage dataframe. Ended with exception: x");
    expect(readDsdlMeta("apply", meta({ mode: "Stage" }), "iris")).toMatchObject({ kind: "call" });
  });
});
