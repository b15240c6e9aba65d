import fc from "fast-check";
import { floatSpelling } from "./float-spellings.ts";

/** A CSV text, and the lengths of the pieces that it is sent in. */
export interface CsvText {
  readonly text: string;
  readonly cuts: readonly number[];
}

const digits = fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: 1, maxLength: 20 });
const double = fc.double({ noNaN: true, noDefaultInfinity: true }).map(String);
const fixed = fc
  .tuple(fc.integer({ min: -1e9, max: 1e9 }), fc.integer({ min: 1, max: 7 }))
  .map(([whole, places]) => (whole / 1e4).toFixed(places));
const date = fc.date({ min: new Date("1990-01-01"), max: new Date("2040-01-01"), noInvalidDate: true });
const words = fc.constantFrom(
  "GET",
  "web-1",
  "a b",
  "it's",
  "10.0.0.1",
  "50%",
  "é",
  "T",
  "a",
  "info",
  "tiny",
  "/index.html",
  "a=b;c",
  "x_y",
  "#1",
  "user@host",
  "1 apple",
  "12:30",
);
const quoted = fc.constantFrom('"a, b"', '"say ""x"""', '"GET / HTTP/1.1"', '"two words"', '""""');

/** A column's values as Splunk and pandas write them. */
const ordinary: Record<string, fc.Arbitrary<string>> = {
  whole: fc.oneof(fc.integer(), fc.integer({ min: -99, max: 99 })).map(String),
  float: fixed,
  // As many digits as a float has: an average, a probability.
  long: fc.tuple(fc.integer(), fc.constantFrom(3, 7, 9e4, 1.1e12, 49)).map(([sum, count]) => String(sum / count)),
  epoch: date.map((each) => `${Math.floor(each.getTime() / 1000)}.${String(each.getUTCMilliseconds()).padStart(3, "0")}`),
  iso: date.map((each) => each.toISOString().replace("Z", "+00:00")),
  time: date.map((each) => `${each.toISOString().slice(0, 19).replace("T", " ")} UTC`),
  day: date.map((each) => each.toISOString().slice(0, 10)),
  text: words,
  quoted: fc.oneof(words, quoted),
  truth: fc.constantFrom("True", "False"),
};

/** Numbers whose value depends on whether others in the column are whole. */
const oddNumber = fc.constantFrom(
  ...[
    "0",
    "-0",
    "-0.0",
    "-00",
    "0.0",
    "00",
    "007",
    "1.0",
    "5.",
    ".5",
    "+5",
    " 5",
    "5 ",
    "-5",
    "",
    "-0 ",
    "2e0",
    "1e5",
    "1e-5",
    "1e-05",
    "12e-09",
    "1e-30",
  ],
  ...[
    "9007199254740993",
    "900719925474099",
    "99999999999999",
    "1000000000000000",
    "123456789012345678",
    "0.1234567890123456",
    "0.123456789012345",
  ],
  ...[
    "0000000000000000000123",
    "000000000000012",
    "00000000000000000.5",
    "9223372036854775808",
    "-9223372036854775808",
    "1e400",
    "inf",
    "NA",
    "x",
  ],
);

/** What is read in ways of its own, or in no way. */
const odd = fc.constantFrom(
  ...[
    "",
    "NA",
    "nan",
    "NaN",
    "None",
    "null",
    "NULL",
    "inf",
    "-inf",
    "Infinity",
    "True",
    "false",
    "TRUE",
    "tRue",
    "N/A",
    "#N/A",
    "-nan",
    "<NA>",
  ],
  ...[
    "007",
    "-0",
    "-0.0",
    "1e5",
    "1E-3",
    "1e+16",
    "1e-400",
    "1e400",
    ".5",
    "5.",
    "+5",
    " 5",
    "5 ",
    "0x1f",
    "1_000",
    "1,000",
    "-",
    ".",
    "-.5",
    "e5",
    "1e",
    "--5",
    "nAn",
    "Inf",
    "infant",
  ],
  ...[
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775809",
    "18446744073709551616",
    "123456789012345678",
    "0.1234567890123456789",
  ],
  ...[
    '"q"',
    '"5"',
    '""',
    '" 5"',
    'a"b',
    '"a\nb"',
    "\t1",
    "a\tb",
    "\u0665",
    "\u00a05",
    "1.2.3",
    "2026-01-31",
    "a\u2028b",
    "\u0000",
    "x\u001cy",
  ],
);
const name = fc.constantFrom("a", "b", "c d", "_time", "1", "x.1", "True", "NA", "é", "user", "date_hour");
const oddName = fc.oneof(name, fc.constantFrom("a", "a", "", " b", '"q,r"', "Unnamed: 0", "\ufeffz"));

const gappy = (cell: fc.Arbitrary<string>) => fc.oneof({ weight: 4, arbitrary: cell }, { weight: 1, arbitrary: fc.constant("") });
const uniqueNames = (width: number) => fc.uniqueArray(name, { minLength: width, maxLength: width });

/** Tables as they are sent every day: of ints, floats, texts, truths and times, with empty cells. */
export const ordinaryCsv: fc.Arbitrary<CsvText> = csv({
  names: uniqueNames,
  column: fc.constantFrom(...Object.values(ordinary)).chain((cell) => fc.constantFrom(cell, cell, gappy(cell), fc.constant(""))),
  end: fc.constantFrom("\n", ""),
  least: 2,
});

/** Names that are unique so many times, and odd once. */
const namesWith = (weight: number) => (width: number) =>
  fc.oneof({ weight, arbitrary: uniqueNames(width) }, { weight: 1, arbitrary: fc.array(oddName, { minLength: width, maxLength: width }) });

/** Tables of ordinary columns and odd values, some of which are no tables at all. */
export const anyCsv: fc.Arbitrary<CsvText> = csv({
  names: namesWith(6),
  column: fc
    .constantFrom(
      ...Object.values(ordinary),
      digits,
      double,
      fc.tuple(digits, digits).map((parts) => parts.join(".")),
    )
    .chain((cell) => fc.constantFrom(cell, gappy(cell), fc.oneof({ weight: 5, arbitrary: cell }, { weight: 1, arbitrary: odd }), odd)),
  end: fc.constantFrom("\n", "\n", "", "\n\n", "\r\n", "\n,\n", "\nx\n", '\n"'),
  least: 1,
});

const exponent = fc
  .tuple(fc.integer({ min: 1, max: 99999 }), fc.integer({ min: -9, max: -5 }))
  .map(([n, e]) => `${n / 10 ** String(n).length}e-0${-e}`);

/** Tables of numbers alone, as models get them; blocks of a few bytes hold some rows each. */
export const numbersCsv: fc.Arbitrary<CsvText> = csv({
  names: uniqueNames,
  column: fc
    .constantFrom(...[ordinary.whole, ordinary.float, ordinary.float, ordinary.epoch].filter((each) => each !== undefined))
    .chain((cell) => fc.constantFrom(cell, cell, fc.oneof({ weight: 9, arbitrary: cell }, { weight: 1, arbitrary: exponent }))),
  end: fc.constantFrom("\n", ""),
  least: 1,
  most: 30,
});

/** Floats of 15 digits at most as Python writes them: what was once written by pandas. */
export const writtenFloatsCsv: fc.Arbitrary<CsvText> = csv({
  names: uniqueNames,
  column: fc.constant(fc.integer({ min: -1e9, max: 1e9 }).map((whole) => pythonFloat(whole / 1e6))),
  end: fc.constantFrom("\n", ""),
  least: 1,
  most: 40,
});

/** As writtenFloatsCsv, but for a few that are spelt in other ways. */
export const nearlyWrittenFloatsCsv: fc.Arbitrary<CsvText> = csv({
  names: uniqueNames,
  column: fc.constant(
    fc.oneof(
      { weight: 24, arbitrary: fc.integer({ min: -1e9, max: 1e9 }).map((whole) => pythonFloat(whole / 1e6)) },
      { weight: 1, arbitrary: floatSpelling },
    ),
  ),
  end: fc.constantFrom("\n", "", "\n\n"),
  least: 1,
  most: 40,
});

/** Python's repr of a number between 1e-6 and 1e9. */
function pythonFloat(value: number): string {
  const small = Math.abs(value) < 1e-4 && value !== 0;
  const text = small ? value.toExponential().replace(/-(\d)$/, "-0$1") : String(value);
  return small || text.includes(".") ? text : `${text}.0`;
}

/** Numbers that are whole in some rows and decimal in others, in every way of writing them. */
export const mixedNumbersCsv: fc.Arbitrary<CsvText> = csv({
  names: namesWith(9),
  column: fc
    .array(
      fc.oneof(
        { weight: 3, arbitrary: oddNumber },
        ...[ordinary.float, ordinary.whole, ordinary.long].map((arbitrary) => ({ weight: 1, arbitrary: arbitrary ?? fc.constant("") })),
      ),
      { minLength: 1, maxLength: 3 },
    )
    .map((values) => fc.oneof(...values.map((value) => fc.constant(value)))),
  end: fc.constantFrom("\n", "\n", "", "\n\n", "\r\n", "\n,\n", "\n1,2,3,4,5,6\n"),
  least: 1,
  most: 24,
});

interface Parts {
  names(width: number): fc.Arbitrary<string[]>;
  readonly column: fc.Arbitrary<fc.Arbitrary<string>>;
  readonly end: fc.Arbitrary<string>;
  readonly least: number;
  /** Rows, at most. */
  readonly most?: number;
}

function csv({ names, column, end, least, most = 8 }: Parts): fc.Arbitrary<CsvText> {
  return fc.tuple(fc.integer({ min: least, max: 5 }), fc.integer({ min: 1, max: most })).chain(([width, rows]) =>
    fc
      .tuple(
        names(width),
        fc.array(
          column.chain((cell) => fc.array(cell, { minLength: rows, maxLength: rows })),
          { minLength: width, maxLength: width },
        ),
        end,
        fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 6 }),
      )
      .map(([header, columns, last, cuts]) => {
        const records = Array.from({ length: rows }, (_, at) => columns.map((values) => values[at]).join(","));
        return { text: [header.join(","), ...records].join("\n") + last, cuts };
      }),
  );
}
