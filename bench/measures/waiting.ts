import { csv, type SideMeasure } from "./measure.ts";

const beside = { kind: "beside", rows: 1, answer: "predicted", algorithm: "lr" } as const;
const goals = [{ way: csv, most: { "call p99 ms": 20, "health p99 ms": 20 } }];

/** How long one waits for others. */
export const waiting: readonly SideMeasure[] = [
  { ...beside, id: "beside-1m", title: "One-row calls and health checks (lr) while 1,000,000 rows are computed", busy: "large", goals },
  {
    ...{ ...beside, id: "beside-10m", title: "One-row calls and health checks (lr) while 10,000,000 rows are computed" },
    ...{ busy: "large", times: 10, ways: [csv], goals },
  },
  {
    ...{ ...beside, id: "beside-fit", title: "One-row calls and health checks (lr) during a fit that never yields", busy: "fit" },
    ...{ ways: [csv, "DSDL", "DSDL stand-in"], goals },
  },
  {
    ...{ id: "fair", title: "One caller's calls (lr) while another keeps 32 connections busy", kind: "fair", algorithm: "lr", rows: 1 },
    ...{ answer: "predicted", ways: [csv], goals: [{ way: csv, most: { "times alone": 2 } }] },
  },
  {
    ...{ id: "load-health", title: "Health checks while 32 connections call (lr)", kind: "load", algorithm: "lr", rows: 1 },
    ...{ answer: "predicted", goals: [{ way: csv, most: { "health p99 ms": 20 } }] },
  },
];
