/** How much is measured. Rounds let every side have its turn in each minute; the first calls of each turn do not count. */
export interface Form {
  readonly name: "full" | "short";
  readonly rounds: number;
  /** Rounds of the calls with a million rows. */
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
}

export const FLOOD_CONNECTIONS = 32;

export const full: Form = {
  name: "full",
  rounds: 5,
  largeRounds: 3,
  largeRows: 1_000_000,
  warmUpCalls: 2000,
  againCalls: 50,
  calls: 400,
  floodCalls: 800,
  slowCalls: 60,
};

export const short: Form = {
  name: "short",
  rounds: 2,
  largeRounds: 1,
  largeRows: 1_000_000,
  warmUpCalls: 300,
  againCalls: 30,
  calls: 150,
  floodCalls: 300,
  slowCalls: 24,
};
