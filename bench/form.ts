/**
 * How much is measured. Rounds let every side have its turn in each minute; the first calls of each turn do not count.
 * Turns of small calls have a time, so that a slow side takes no more of the run than a fast one.
 */
export interface Form {
  readonly name: "full" | "short";
  readonly rounds: number;
  /** Rounds of the calls with a million rows, and of all that takes as long. */
  readonly largeRounds: number;
  readonly largeRows: number;
  /** Calls before a way's first turn with an algorithm, in seconds: on every side code has compiled and caches are warm by then. */
  readonly warmUpSeconds: number;
  /** Before each later turn: others had the cores since. */
  readonly againSeconds: number;
  /** Of the calls that count. */
  readonly seconds: number;
  /** Calls of the bridge whose answers could be mixed up, in all. */
  readonly mixedCalls: number;
  readonly saves: number;
  /** Saves that follow each other, of which none may be lost or torn. */
  readonly keptSaves: number;
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
  ...{ warmUpSeconds: 6, againSeconds: 0.5, seconds: 2 },
  ...{ mixedCalls: 20_000, saves: 60, keptSaves: 400, csvs: 500, commandRows: 1_000_000 },
};

export const short: Form = {
  ...{ name: "short", rounds: 2, largeRounds: 1, largeRows: 1_000_000 },
  ...{ warmUpSeconds: 1, againSeconds: 0.2, seconds: 0.5 },
  ...{ mixedCalls: 1000, saves: 10, keptSaves: 40, csvs: 200, commandRows: 200_000 },
};

/** What takes long on small machines: a million answers, ten thousand saves and as many CSVs. */
export const long = { mixedCalls: 1_000_000, keptSaves: 10_000, csvs: 10_000 } as const;
