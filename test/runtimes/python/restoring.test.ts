import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { python } from "../bench.ts";

interface Begun {
  /** When the call begins, in seconds, and what putting back before it took. */
  readonly at: number;
  readonly took: number;
  readonly method?: string;
}

/** The notes of calls of a worker with this code. */
function notes(source: string, calls: readonly Begun[]): string[][] {
  const options = { input: JSON.stringify({ source, calls }), encoding: "utf8" } as const;
  return JSON.parse(execFileSync(python, [join(import.meta.dirname, "restoring.py")], options)) as string[][];
}

const slow: Begun = { at: 100, took: 0.029 };
const table = "LOOKUP = {at: None for at in range(60_000)}\nNAMES = ['a', 'b']\nSEEN = set()\n_MORE = [1, 2, 3]\n";

describe("putting globals back that takes long", () => {
  it("is noted, with the largest containers and what to do", () => {
    const [[note] = []] = notes(table, [slow]);
    expect(note).toContain("took 29 ms");
    expect(note).toContain("Largest at the top level: probe.LOOKUP (dict, 60,000), probe._MORE (list, 3), probe.NAMES (list, 2).");
    expect(note).toContain("a frozenset, a tuple, a types.MappingProxyType or an object of numpy or pandas are not compared");
  });

  it("is noted once a minute, and not with a load, whose receipt nobody sees", () => {
    const said = notes(table, [
      { ...slow, method: "load" },
      slow,
      { at: 101, took: 0.05 },
      { at: 159, took: 0.05 },
      { at: 161, took: 0.05 },
    ]);
    expect(said.map(({ length }) => length)).toEqual([0, 1, 0, 0, 1]);
  });

  it("is not noted where it is quick, or where few entries are compared: the machine was busy", () => {
    expect(notes(table, [{ at: 100, took: 0.004 }])).toEqual([[]]);
    expect(notes("LOOKUP = {at: None for at in range(40_000)}", [slow])).toEqual([[]]);
  });

  it("counts entries within others", () => {
    const [[note] = []] = notes("GROUPS = {name: list(range(9_000)) for name in 'abcdefg'}", [slow]);
    expect(note).toMatch(/63,0\d\d entries were compared/);
    expect(note).toContain("probe.GROUPS (dict, 7).");
  });

  it.each([
    "frozenset(range(60_000))",
    "tuple(range(60_000))",
    "types.MappingProxyType(dict.fromkeys(range(60_000)))",
    "pandas.Series(range(60_000))",
    "pandas.Index(map(str, range(60_000)))",
    "numpy.arange(60_000)",
  ])("compares no entries of %s, as the note says", (made) => {
    expect(notes(`import types, numpy, pandas\nLOOKUP = ${made}`, [slow])).toEqual([[]]);
  });
});
