import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { changeThreshold } from "../../demo/change-cell.ts";
import { column } from "../../demo/rows.ts";

const file = resolve(import.meta.dirname, "../../notebooks/examples/binary_classifier.ipynb");
const shipped = JSON.parse(readFileSync(file, "utf8"));

describe("the demo's change", () => {
  it("is one line of one cell, and is undone the next time", () => {
    const text = (cell: { source: string | string[] }) => [cell.source].flat().join("");
    const { content, cell, from, to } = changeThreshold(shipped);
    const changed = content.cells.flatMap((each, at) => (text(each) === text(shipped.cells[at]) ? [] : [at + 1]));
    expect(changed).toEqual([cell]);
    expect([from, to]).toEqual(["0.5", "0.45"]);
    expect(content.cells.map(text)[cell - 1]).toContain("DEFAULT_THRESHOLD = 0.45\n".trim());
    expect(changeThreshold(content).content.cells.map(text)).toEqual(shipped.cells.map(text));
  });

  it("says what to do when there is nothing to change", () => {
    expect(() => changeThreshold({ ...shipped, cells: [] })).toThrow(/DEFAULT_THRESHOLD/);
  });
});

it("reads a column of an answer, or says which there are", () => {
  expect(column("a,b\r\n1,2\r\n3,\r\n", "b")).toEqual(["2", ""]);
  expect(() => column("a,b\n1,2\n", "c")).toThrow("no column c, only a,b");
});
