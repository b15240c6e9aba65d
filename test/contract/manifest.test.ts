import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CellSpan, cellAt } from "#contract/manifest.ts";

/** Cells as an exporter lays them: in order, a few lines of its own between them. */
const layouts = fc
  .array(fc.record({ gap: fc.integer({ min: 1, max: 4 }), lines: fc.nat({ max: 6 }), cellLine: fc.integer({ min: 1, max: 9 }) }), {
    maxLength: 8,
  })
  .map((cells) => {
    let next = 1;
    return cells.map(({ gap, lines, cellLine }, index): CellSpan => {
      const line = next + gap;
      next = line + lines;
      return { cell: 2 * index + 1, name: `cell-${index}`, line, lines, cellLine };
    });
  });

describe("cellAt", () => {
  it("finds the cell of each of its lines, and counts them as the cell does", () => {
    fc.assert(
      fc.property(layouts, (cells) => {
        for (const { cell, name, line, lines, cellLine } of cells) {
          for (let n = 0; n < lines; n++) expect(cellAt({ cells }, line + n)).toEqual({ cell, name, line: cellLine + n });
        }
      }),
    );
  });

  it("finds no cell where there is none: before the first, between two, after the last", () => {
    fc.assert(
      fc.property(layouts, fc.integer({ min: 1, max: 100 }), (cells, line) => {
        const isInOne = cells.some((each) => line >= each.line && line < each.line + Math.max(each.lines, 1));
        expect(cellAt({ cells }, line) !== undefined).toBe(isInOne);
      }),
    );
  });

  it("names a cell without a name by its number alone", () => {
    expect(cellAt({ cells: [{ cell: 3, line: 5, lines: 2, cellLine: 1 }] }, 6)).toEqual({ cell: 3, line: 2 });
  });
});
