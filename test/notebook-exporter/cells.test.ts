import fc from "fast-check";
import { afterAll, expect, it } from "vitest";
import { cellAt } from "#contract/manifest.ts";
import { startCheck } from "../../notebook-exporter/check.ts";
import { exportNotebook } from "../../notebook-exporter/export.ts";
import { python } from "./python.ts";

const check = startCheck({ python });
afterAll(() => check[Symbol.asyncDispose]());

const line = fc.constantFrom(
  ...[
    "a = 1",
    "",
    "  ",
    "\t",
    "if a:",
    "    b = 2",
    "\tc = 3",
    "# d",
    "s = '''",
    "'''",
    "def f():",
    "    return a",
    "日本 = '🚀'",
    "x = 5 \\",
    "(",
    ")",
    "\f",
  ],
);
const source = fc.array(fc.tuple(line, fc.constantFrom("\n", "\n", "\r\n", "\r")), { maxLength: 8 }).map((lines) => lines.flat().join(""));
const cells = fc.array(fc.record({ source, type: fc.constantFrom("code", "code", "markdown", "raw"), marked: fc.boolean() }), {
  maxLength: 6,
});
const linesOf = (text: string) => text.split(/\r\n|\r|\n/);

it("leads each line of the exported file back to the same text in its cell, and loses none", async () => {
  await fc.assert(
    fc.asyncProperty(cells, async (given) => {
      const notebook = {
        nbformat: 4,
        metadata: {},
        cells: given.map(({ source, type, marked }) => ({ cell_type: type, source, metadata: marked ? { name: "n" } : {} })),
      };
      const exported = await exportNotebook("a", notebook, check, { notebook: null });
      if (!exported.manifest) throw new Error("no manifest");
      const { manifest, files } = exported;
      const found = new Set<string>();
      for (const [at, text] of linesOf(String(files["app/model/a.py"])).entries()) {
        const place = cellAt(manifest, at + 1);
        if (!place || text.trim() === "") continue;
        // A common indent goes away, nothing else.
        const typed = linesOf(given[place.cell - 1]?.source ?? "")[place.line - 1];
        expect(typed?.trimStart()).toBe(text.trimStart());
        found.add(`${place.cell}:${place.line}`);
      }
      const expected = given.flatMap(({ source, type, marked }, cell) =>
        type !== "code" || !marked ? [] : linesOf(source).flatMap((text, at) => (text.trim() ? [`${cell + 1}:${at + 1}`] : [])),
      );
      expect([...found].toSorted()).toEqual(expected.toSorted());
    }),
    { numRuns: 300 },
  );
});

it("leads lines behind magics back, too, where magics changed how many there are", async () => {
  const typed = "\n%alias_magic \\\n   t \\\n   timeit\nx = 1\n!ls \\\n  -l\ny = nowhere";
  const notebook = { nbformat: 4, metadata: {}, cells: [{ cell_type: "code", source: typed, metadata: { name: "n" } }] };
  const exported = await exportNotebook("a", notebook, check, { notebook: null });
  const found = exported.problems.map(({ code, line }) => [code, line]);
  expect(found).toEqual([
    ["magic", 2],
    ["magic", 6],
    ["undefined-name", 8],
  ]);
});
