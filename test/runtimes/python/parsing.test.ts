import { execFileSync } from "node:child_process";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { python } from "../bench.ts";
import { anyCsv, type CsvText, ordinaryCsv } from "./csv-texts.ts";

// CSV_TEXTS=10000 reads so many of each kind.
const many = Number(process.env.CSV_TEXTS ?? 500);

/** How parsing.py says that one text was read. */
interface Said {
  readonly differs: string | null;
  readonly quick: boolean;
  /** By known types: `same`, or an error of ours, in each way. Absent when pandas reads no table. */
  readonly typed?: Readonly<Record<"quick" | "library" | "blocks", string>> & { readonly is_quick?: boolean };
}

function read(texts: readonly CsvText[]): (Said & CsvText)[] {
  const options = { input: JSON.stringify(texts), encoding: "utf8", maxBuffer: 2 ** 28 } as const;
  const said = JSON.parse(execFileSync(python, [join(import.meta.dirname, "parsing.py")], options)) as Said[];
  return said.map((each, at) => ({ ...each, ...(texts[at] as CsvText) }));
}

const isFine = (way: string) => ["same", "untyped"].includes(way) || way.startsWith("BadRows: ");

describe("parsing", () => {
  it("gives ordinary rows pandas' types and values in the quick way, with known types and without, and by blocks", {
    timeout: 120 * many + 60_000,
  }, () => {
    const said = read(fc.sample(ordinaryCsv, many));
    expect(said.filter(({ differs, quick, typed }) => differs !== null || !quick || !typed?.is_quick).slice(0, 3)).toEqual([]);
    const ways = said.flatMap(({ typed, ...text }) => [typed?.quick, typed?.library, typed?.blocks].map((way) => ({ way, ...text })));
    expect(ways.filter(({ way }) => way !== "same" && way !== "untyped").slice(0, 3)).toEqual([]);
    expect(ways.filter(({ way }) => way === "same").length).toBeGreaterThan(2 * many);
  });

  it("gives any rows pandas' types and values, or an error that all ways agree on", { timeout: 120 * many + 60_000 }, () => {
    const said = read(fc.sample(anyCsv, many));
    expect(said.filter(({ differs }) => differs !== null).slice(0, 3)).toEqual([]);
    const wrong = said.filter(
      ({ typed }) => typed && !(isFine(typed.quick) && isFine(typed.library) && isFine(typed.blocks) && typed.quick === typed.library),
    );
    expect(wrong.slice(0, 3)).toEqual([]);
    expect(said.filter(({ quick }) => quick).length).toBeGreaterThan(many / 10);
  });
});
