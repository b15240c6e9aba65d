/**
 * The edges of the process, passed in: tests give their own. No class here, no default: main.ts makes the real ones.
 */
export interface Clock {
  /** ISO 8601 in UTC with milliseconds. */
  now(): string;
  /** Milliseconds that only grow, for durations. */
  ticks(): number;
}

/** Where the bridge says what it does. Never rows, parameters or tokens. */
export interface Log {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}
