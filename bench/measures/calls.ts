import { csv, helper, type SideMeasure } from "./measure.ts";

const one = { kind: "small", rows: 1 } as const;
const flood = { kind: "flood", rows: 1 } as const;
const predicted = { answer: "predicted" } as const;

/** Small calls. Limits are the script's own names (limits.py); those of a measure begin with its id. */
export const calls: readonly SideMeasure[] = [
  {
    ...{ id: "one-trivial", title: "One row, apply returns it: the server's own cost", ...one, algorithm: "trivial", answer: "echo" },
    goals: [{ way: csv, ratio: 12, most: { "p50 ms": 0.25, "p99 ms": 1 } }],
  },
  {
    ...{ id: "one-lr", title: "One row, scaler + logistic regression", ...one, algorithm: "lr", ...predicted },
    goals: [
      { way: csv, ratio: 2.3, limit: { name: "the same code in process", plus: 0.4 }, better: "LitServe" },
      { way: helper, ratio: 4 },
    ],
  },
  {
    ...{ id: "one-rf", title: "One row, forest of 100 trees", ...one, algorithm: "rf", ...predicted },
    goals: [{ way: csv, ratio: 4.5 }],
  },
  {
    ...{ id: "hundred-lr", title: "100 rows, scaler + logistic regression", kind: "small", algorithm: "lr", rows: 100, ...predicted },
    goals: [],
  },
  {
    ...{ id: "flood-trivial", title: "32 connections, one row, apply returns it", ...flood, algorithm: "trivial", answer: "echo" },
    goals: [{ way: csv, ratio: 60 }],
  },
  {
    ...{ id: "flood-lr", title: "32 connections, one row, scaler + logistic regression", ...flood, algorithm: "lr", ...predicted },
    goals: [
      { way: csv, ratio: 3 },
      { way: helper, ratio: 7 },
    ],
  },
  {
    ...{ id: "scale-lr", title: "Two workers against one (scaler + logistic regression)", kind: "scale", algorithm: "lr", rows: 1 },
    ...{ ...predicted, ways: [csv], goals: [{ way: csv, least: { "times as many": 1.7 } }] },
  },
  {
    ...{ id: "scale-rf", title: "Two workers against one (forest of 100 trees)", kind: "scale", algorithm: "rf", rows: 1 },
    ...{ ...predicted, ways: [csv], goals: [{ way: csv, least: { "times as many": 1.7 } }] },
  },
];
