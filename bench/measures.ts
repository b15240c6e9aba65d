import type { AlgorithmName } from "./sides/side.ts";

/** What a turn measures, and what its table says: the first figure is the one that ratios are of. */
export const kinds = {
  small: { figures: ["p50 ms", "p99 ms", "CPU ms/call"], isMoreBetter: false },
  flood: { figures: ["calls/s", "p99 ms", "CPU ms/call"], isMoreBetter: true },
  large: { figures: ["seconds", "CPU s", "MB above idle"], isMoreBetter: false },
  beside: { figures: ["longest call ms", "p50 ms", "longest health ms", "large call s"], isMoreBetter: false },
} as const;
export type Kind = keyof typeof kinds;

/** What a way must reach: so many times better than DSDL, at most a number, or at most a limit's own figure and a bit. */
export interface Goal {
  readonly way: string;
  readonly ratio?: number;
  readonly most?: Readonly<Record<string, number>>;
  readonly limit?: { readonly name: string; readonly factor?: number; readonly plus?: number };
}

export interface Measure {
  readonly id: string;
  readonly title: string;
  readonly kind: Kind;
  readonly algorithm: AlgorithmName;
  readonly rows: 1 | 100 | "large";
  /** Rows come back as they went, or one prediction for each. */
  readonly answer: "echo" | "predicted";
  readonly goals: readonly Goal[];
}

const csv = "bridge, CSV";
const json = "bridge, DSDL's JSON";

/** Limits are the script's own names (limits.py); those of a measure begin with its id. */
export const measures: readonly Measure[] = [
  {
    ...{ id: "one-trivial", title: "One row, apply returns it: the server's own cost", kind: "small", algorithm: "trivial", rows: 1 },
    ...{ answer: "echo", goals: [{ way: csv, ratio: 12, most: { "p50 ms": 0.25, "p99 ms": 1 } }] },
  },
  {
    ...{ id: "one-lr", title: "One row, scaler + logistic regression", kind: "small", algorithm: "lr", rows: 1 },
    ...{ answer: "predicted", goals: [{ way: csv, ratio: 2.3, limit: { name: "the same code in process", plus: 0.4 } }] },
  },
  {
    ...{ id: "one-rf", title: "One row, forest of 100 trees", kind: "small", algorithm: "rf", rows: 1, answer: "predicted" },
    goals: [{ way: csv, ratio: 4.5 }],
  },
  {
    ...{ id: "hundred-lr", title: "100 rows, scaler + logistic regression", kind: "small", algorithm: "lr", rows: 100 },
    ...{ answer: "predicted", goals: [] },
  },
  {
    ...{ id: "flood-trivial", title: "32 connections, one row, apply returns it", kind: "flood", algorithm: "trivial", rows: 1 },
    ...{ answer: "echo", goals: [{ way: csv, ratio: 60 }] },
  },
  {
    ...{ id: "flood-lr", title: "32 connections, one row, scaler + logistic regression", kind: "flood", algorithm: "lr", rows: 1 },
    ...{ answer: "predicted", goals: [{ way: csv, ratio: 3 }] },
  },
  {
    ...{ id: "large-lr", title: "1,000,000 rows × 4 floats, predictions out", kind: "large", algorithm: "lr", rows: "large" },
    answer: "predicted",
    goals: [
      { way: csv, ratio: 2.5, limit: { name: "pyarrow in blocks of 64k rows", factor: 1.15 } },
      { way: json, ratio: 1.7 },
    ],
  },
  {
    ...{ id: "large-echo", title: "1,000,000 rows × 4 floats, all columns back", kind: "large", algorithm: "trivial", rows: "large" },
    ...{ answer: "echo", goals: [{ way: csv, ratio: 5, limit: { name: "pyarrow", factor: 1.1 } }] },
  },
  {
    ...{ id: "beside", title: "One-row calls (lr) and health checks while 1,000,000 rows are computed (lr)", kind: "beside" },
    ...{ algorithm: "lr", rows: 1, answer: "predicted" },
    goals: [{ way: csv, most: { "longest call ms": 20, "longest health ms": 20 } }],
  },
];
