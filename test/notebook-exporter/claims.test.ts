import { expect, it } from "vitest";
import { claims, nameOf } from "../../notebook-exporter/claims.ts";

it("takes the file's name less the last ending, whatever folder it lies in", () => {
  expect(["a.ipynb", "b/c d.ipynb", "x.y.ipynb", "x.ipynb.ipynb", "B/É-1.IPYNB"].map(nameOf)).toEqual([
    "a",
    "c d",
    "x.y",
    "x.ipynb",
    "É-1",
  ]);
});

it("is an error for each of two notebooks with one name, ignoring case", () => {
  const found = claims(["a/iris.ipynb", "Iris.ipynb", "other.ipynb", "b/IRIS.ipynb", "straße.ipynb", "e\u0301.ipynb", "x/\u00e9.ipynb"]);
  expect([...found.keys()].toSorted()).toEqual(
    ["Iris.ipynb", "a/iris.ipynb", "b/IRIS.ipynb", "e\u0301.ipynb", "x/\u00e9.ipynb"].toSorted(),
  );
  expect(found.get("Iris.ipynb")).toEqual({
    severity: "error",
    code: "name-claimed-twice",
    message: 'The name "Iris" is claimed by a/iris.ipynb and b/IRIS.ipynb too, and capitals make no difference.',
    hint: "Rename all but one of them.",
  });
});
