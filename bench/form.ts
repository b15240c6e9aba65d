/** How much is measured. Rounds let every side have its turn in each minute; the first calls of each turn do not count. */
export interface Form {
  readonly name: "full" | "short";
  readonly rounds: number;
  /** Rounds of the calls with a million rows, and of all that takes as long. */
  readonly largeRounds: number;
  readonly largeRows: number;
  /** Calls before a way's first turn with an algorithm: on every side code has compiled and caches are warm by then. */
  readonly warmUpCalls: number;
  /** Calls before each later turn: others had the cores since. */
  readonly againCalls: number;
  /** Calls that count, of a turn of small calls, and of one on 32 connections. */
  readonly calls: number;
  readonly floodCalls: number;
  /** Of the forest, which takes ten times as long. */
  readonly slowCalls: number;
  /** Calls of the bridge whose answers could be mixed up, in all. */
  readonly mixedCalls: number;
  readonly saves: number;
  /** Random CSVs. */
  readonly csvs: number;
  /** Rows that the command passes through. */
  readonly commandRows: number;
}

export const FLOOD_CONNECTIONS = 32;
/** Of sides that are not the bridge: their answers are mixed up sooner. */
export const MOST_MIXED_OF_OTHERS = 2000;

export const full: Form = {
  ...{ name: "full", rounds: 3, largeRounds: 3, largeRows: 1_000_000 },
  ...{ warmUpCalls: 2000, againCalls: 50, calls: 300, floodCalls: 600, slowCalls: 50 },
  ...{ mixedCalls: 20_000, saves: 60, csvs: 500, commandRows: 1_000_000 },
};

export const short: Form = {
  ...{ name: "short", rounds: 2, largeRounds: 1, largeRows: 1_000_000 },
  ...{ warmUpCalls: 400, againCalls: 30, calls: 150, floodCalls: 300, slowCalls: 24 },
  ...{ mixedCalls: 2000, saves: 20, csvs: 500, commandRows: 200_000 },
};

/** What takes hours on small machines: a million answers, and ten thousand CSVs. */
export const long = { mixedCalls: 1_000_000, csvs: 10_000 } as const;
