import { expect, it } from "vitest";
import { optionsReader } from "../../../server/compute/known-options.ts";
import { readOptions } from "../../../server/compute/options.ts";

it("gives each query its own options, each time", () => {
  const optionsOf = optionsReader();
  const queries = [
    { algorithm: "a", method: "apply" },
    { algorithm: "b", method: "apply" },
    { algorithm: "a", method: "fit" },
    { algorithm: "a", method: "apply", fields: "x,y" },
    { algorithm: "a", method: "apply", fields: "x", y: "" },
    { mode: "stage", a: 'x","b":"y' },
    { mode: "stage", a: "x", b: "y" },
  ];
  for (const query of [...queries, ...queries]) expect(optionsOf(query)).toEqual(readOptions(query));
});

it("refuses a query that cannot be used each time", () => {
  const optionsOf = optionsReader();
  for (let time = 0; time < 2; time++) expect(() => optionsOf({ algorithm: "a" })).toThrow("names no method");
});
