/** The points of each curve, and how many calls one point takes. */
export interface Form {
  readonly name: "full" | "short";
  readonly algorithms: readonly number[];
  readonly connections: readonly number[];
  readonly bodies: readonly number[];
  readonly runs: readonly number[];
  /** Small calls of a point at most, and about how long they may take. */
  readonly calls: number;
  readonly seconds: number;
  /** Times that a body is sent; the median counts. Bodies above 20 MB are sent once. */
  readonly times: number;
}

export const HUGE_BYTES = 1e9;

export const full: Form = {
  name: "full",
  algorithms: [10, 30, 100, 300, 1000],
  connections: [1, 10, 32, 100, 300, 1000],
  bodies: [1e3, 1e4, 1e5, 1e6, 1e7, 1e8],
  runs: [1e3, 1e5, 1e6],
  calls: 4000,
  seconds: 8,
  times: 9,
};

export const short: Form = {
  name: "short",
  algorithms: [10, 30, 60],
  connections: [1, 32, 300, 1000],
  bodies: [1e3, 1e5, 1e7, 5e7],
  runs: [1e3, 1e5],
  calls: 1000,
  seconds: 4,
  times: 3,
};
