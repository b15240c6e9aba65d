import { execFileSync } from "node:child_process";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { python } from "../bench.ts";
import { anyCsv, type CsvText, mixedNumbersCsv, numbersCsv, ordinaryCsv } from "./csv-texts.ts";

// CSV_TEXTS=10000 reads so many of each kind.
const many = Number(process.env.CSV_TEXTS ?? 120);

/** How arriving.py says that one text was read. */
interface Said {
  readonly taken: boolean;
  readonly quick: number;
  readonly differs: string | null;
}

function read(cases: readonly CsvText[], isLarge = false): (Said & CsvText)[] {
  const options = { input: JSON.stringify({ cases, isLarge }), encoding: "utf8", maxBuffer: 2 ** 28 } as const;
  const said = JSON.parse(execFileSync(python, [join(import.meta.dirname, "arriving.py")], options)) as Said[];
  return said.map((each, at) => ({ ...each, ...(cases[at] as CsvText) }));
}

const wrong = (said: readonly Said[]) => said.filter(({ differs }) => differs !== null).slice(0, 3);

describe("rows that are parsed while they come", () => {
  const timeout = 600 * many + 60_000;

  it("are what pandas makes of them wherever it looks for types, if they are numbers, and come the quick way", { timeout }, () => {
    const said = read(fc.sample(numbersCsv, many));
    expect(wrong(said)).toEqual([]);
    const long = said.filter(({ text }) => text.length > 300);
    expect(long.length).toBeGreaterThan(many / 4);
    expect(long.filter(({ taken }) => taken).length).toBeGreaterThan(long.length * 0.9);
    expect(long.filter(({ quick }) => quick > 0).length).toBeGreaterThan(long.length * 0.7);
  });

  it("are that or left to pandas, if numbers mean one thing among whole ones and another among decimal ones", { timeout }, () => {
    const said = read(fc.sample(mixedNumbersCsv, 3 * many));
    expect(wrong(said)).toEqual([]);
    expect(said.filter(({ taken }) => taken).length).toBeGreaterThan(many / 10);
    expect(said.filter(({ taken }) => !taken).length).toBeGreaterThan(many / 10);
  });

  it("are left to pandas, if zeros with a minus are among whole numbers with gaps, which are decimal later", { timeout }, () => {
    const text = ["a,b", "1.5,1", ...Array.from({ length: 40 }, () => "2.5,1"), ...["-0 ,1", "-0 ,1", "5 ,1", ",1", ""]].join("\n");
    const cuts = [text.indexOf("-0 ,1"), 1, 1];
    expect(
      wrong(
        read([
          { text, cuts },
          { text: text.replaceAll("-0 ", "0 "), cuts },
        ]),
      ),
    ).toEqual([]);
  });

  it("are what pandas makes of a large table, whose columns are whole in one part and decimal in another", { timeout }, () => {
    // Of so wide a table pandas looks at 8,192 rows at a time.
    const names = Array.from({ length: 64 }, (_, at) => `c${at}`);
    const row = (at: number) => names.map((_, column) => (at + column < 9000 || at > 20_000 ? at % 97 : (at % 97) / 8)).join(",");
    const text = [names.join(","), ...Array.from({ length: 24_000 }, (_, at) => row(at))].join("\n");
    const cuts = Array.from({ length: Math.ceil(text.length / 65_536) }, () => 65_536);
    const [plain, minus] = read(
      [
        { text, cuts },
        { text: `${text.replace(/\n0,/, "\n-0,")}\n`, cuts },
      ],
      true,
    );
    expect(plain).toMatchObject({ taken: true, differs: null });
    expect(plain?.quick).toBeGreaterThan(1);
    expect(minus).toMatchObject({ taken: false });
  });

  it("are that or left to pandas, whatever they are", { timeout }, () => {
    expect(wrong(read([...fc.sample(ordinaryCsv, many), ...fc.sample(anyCsv, many)]))).toEqual([]);
  });
});
