import { describe, expect, it } from "vitest";
import { readArguments } from "../../bench/arguments.ts";
import { measures } from "../../bench/measures/index.ts";
import { kinds } from "../../bench/measures/kinds.ts";
import { arrow, csv, helper, json, named } from "../../bench/measures/measure.ts";

describe("the measures", () => {
  it("have ids of their own, and goals that name ways and figures that there are", () => {
    const ids = measures.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const alone = ["guessed", "by signature", "ours, by parts", "ours, whole table", "bridge, JupyterLab"];
    const ways: readonly string[] = [csv, helper, arrow, json, named, ...alone];
    for (const { kind, goals } of measures) {
      const figures: readonly string[] = kinds[kind].figures;
      for (const { way, most = {}, least = {} } of goals) {
        expect(ways).toContain(way);
        expect(figures).toEqual(expect.arrayContaining([...Object.keys(most), ...Object.keys(least)]));
      }
    }
  });

  it("are all there in both forms, but what takes an hour, and fewer when asked for", () => {
    const every = measures.map(({ id }) => id);
    const idsOf = (...args: string[]) => readArguments(args).measures.map(({ id }) => id);
    expect(idsOf()).toEqual(idsOf("--short"));
    expect(idsOf()).not.toContain("memory-100m");
    expect(idsOf("--huge")).toContain("memory-100m");
    expect(idsOf()).not.toContain("lab");
    expect(idsOf("--short", "--lab")).toEqual([...idsOf(), "lab"].toSorted((a, b) => every.indexOf(a) - every.indexOf(b)));
    expect(idsOf("--only", "one-lr", "--only", "types")).toEqual(["one-lr", "types"]);
    expect(readArguments(["--long"]).form).toMatchObject({ mixedCalls: 1_000_000, csvs: 10_000, name: "full" });
  });

  it("are written down only when all were measured at length", () => {
    expect(readArguments([]).isAll).toBe(true);
    for (const args of [["--short"], ["--only", "one-lr"], ["--peer", "LitServe"]]) expect(readArguments(args).isAll).toBe(false);
  });
});
