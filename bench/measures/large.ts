import { arrow, csv, json, named, type SideMeasure } from "./measure.ts";

const kind = { kind: "large", rows: "large" } as const;

/** Calls of a million rows. */
export const large: readonly SideMeasure[] = [
  {
    ...{ id: "large-lr", title: "1,000,000 rows × 4 floats, predictions out", ...kind, algorithm: "lr", answer: "predicted" },
    goals: [
      { way: csv, ratio: 2.5, limit: { name: "pyarrow in blocks of 64k rows", factor: 1.15 } },
      { way: json, ratio: 1.7 },
      { way: named, ratio: 2.4 },
      { way: arrow, ratio: 5 },
    ],
  },
  {
    ...{ id: "large-echo", title: "1,000,000 rows × 4 floats, all columns back", ...kind, algorithm: "trivial", answer: "echo" },
    goals: [{ way: csv, ratio: 5, limit: { name: "pyarrow", factor: 1.1 } }],
  },
];

const memory = { kind: "memory", algorithm: "lr", rows: "large", answer: "predicted", ways: [csv] } as const;
const most = { "server MB above idle": 40, "worker MB above idle": 80, "server idle MB": 140 };

/** What memory grows by while rows pass. First of all, while idle still means that nothing was called. */
export const memories: readonly SideMeasure[] = [
  { ...memory, id: "memory-1m", title: "Memory while 1,000,000 rows pass", goals: [{ way: csv, most }] },
  { ...memory, id: "memory-10m", title: "Memory while 10,000,000 rows pass", times: 10, goals: [{ way: csv, most }] },
  {
    ...{ ...memory, id: "memory-json", title: "Memory while 1,000,000 rows in DSDL's JSON are held until their meta comes", ways: [json] },
    // An old request's rows are one table to the code, however many they are.
    goals: [{ way: json, most: { "server MB above idle": most["server MB above idle"] } }],
  },
  {
    ...{ ...memory, id: "memory-fit", kind: "fitted", title: "Memory while 3,000,000 rows are one table of a fit", times: 3 },
    ...{ algorithm: "trivial", answer: "echo", goals: [{ way: csv, most: { "times the table": 1.5, "server MB above idle": 40 } }] },
  },
  { ...memory, id: "memory-100m", title: "Memory while 100,000,000 rows pass", times: 100, goals: [{ way: csv, most }], only: "huge" },
];
