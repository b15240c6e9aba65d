/** How much is measured. Rounds let every side have its turn in each minute; the first calls of each turn do not count. */
export interface Form {
  readonly name: "full" | "short";
  readonly rounds: number;
  /** Rounds of the calls with a million rows. */
  readonly largeRounds: number;
  readonly largeRows: number;
  /** Calls of a turn before those that count: on every side code has compiled and caches are warm by then. */
  readonly warmUpCalls: number;
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
  largeRounds: 5,
  largeRows: 1_000_000,
  warmUpCalls: 300,
  calls: 1000,
  floodCalls: 2000,
  slowCalls: 150,
};

export const short: Form = {
  name: "short",
  rounds: 3,
  largeRounds: 2,
  largeRows: 1_000_000,
  warmUpCalls: 150,
  calls: 300,
  floodCalls: 600,
  slowCalls: 40,
};
