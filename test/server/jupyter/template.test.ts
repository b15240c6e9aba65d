import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { INotebookContent } from "@jupyterlab/nbformat";
import { describe, expect, it } from "vitest";
import { notebookFromTemplate } from "../../../server/jupyter/template.ts";

const file = resolve(import.meta.dirname, "../../../notebooks/templates/barebone_python.ipynb");
const template = (): INotebookContent => JSON.parse(readFileSync(file, "utf8"));
const wanted = { name: "cars", title: "Used cars", description: "Prices.", category: "Sales", runtime: "python", environment: "local" };
const firstText = ({ cells }: INotebookContent) => [cells[0]?.source ?? ""].flat().join("");

describe("a notebook from the template", () => {
  it("carries the algorithm's words, keeps the template's other cells, and leaves the template alone", () => {
    const given = template();
    const made = notebookFromTemplate(given, wanted);
    const { name: _, ...settings } = wanted;
    expect(made.metadata.compute_bridge).toEqual({ ...settings, requirements: [] });
    expect(firstText(made)).toMatch(/^# Used cars\n\nPrices\.\n\nA search sends rows/);
    expect(made.cells.slice(1)).toEqual(given.cells.slice(1));
    expect(given).toEqual(template());
  });

  it("is headed by its name where it has no title", () => {
    expect(firstText(notebookFromTemplate(template(), { ...wanted, title: "", description: "" }))).toMatch(/^# cars\n\nA search/);
  });

  it("gets a heading where the template has none", () => {
    const given = template();
    given.cells = [{ cell_type: "markdown", metadata: {}, source: "Only text." }];
    expect(firstText(notebookFromTemplate(given, wanted))).toBe("# Used cars\n\nPrices.\n\nOnly text.");
  });
});
