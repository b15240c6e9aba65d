import { type AloneMeasure, csv, type SideMeasure } from "./measure.ts";

const bridge = { algorithm: "trivial", rows: 1, answer: "echo" } as const;

/** Answers that are one's own, code that is the latest, values that are pandas', and the command. */
export const living: readonly (SideMeasure | AloneMeasure)[] = [
  {
    ...{ id: "mixed", title: "2 algorithms × 2 models × 32 connections: wrong or mixed answers", kind: "mixed", algorithm: "lr", rows: 1 },
    ...{ answer: "predicted", ways: [csv, "DSDL", "DSDL stand-in", "DLTK stand-in"], goals: [{ way: csv, most: { wrong: 0 } }] },
  },
  {
    ...{ ...bridge, id: "saved", title: "Saved → live (DSDL: module written → the next apply after a fit)", kind: "saved" },
    ...{ ways: [csv, "DSDL", "DSDL stand-in"], goals: [{ way: csv, most: { "p50 ms": 25, "p99 ms": 60 } }] },
  },
  {
    ...{ ...bridge, id: "saved-20mb", title: "A notebook with 20 MB of outputs saved → live", kind: "saved", outputsMb: 20, ways: [csv] },
    goals: [{ way: csv, most: { "p50 ms": 200 } }],
  },
  {
    ...{
      ...bridge,
      id: "kept",
      title: "Saves that follow each other, by rename and in place: versions lost or torn",
      kind: "kept",
      ways: [csv],
    },
    goals: [{ way: csv, most: { "lost or torn": 0 } }],
  },
  {
    ...{ id: "lab", title: "Saved in JupyterLab → live, from the file's last byte", kind: "lab", only: "lab" },
    goals: [{ way: "bridge, JupyterLab", most: { "p50 ms": 10 } }],
  },
  {
    ...{ ...bridge, id: "starts", title: "First calls, and what they start from", kind: "starts", ways: [csv] },
    goals: [{ way: csv, most: { "new version ms": 60, "new worker ms": 30, "warm process s": 5, "idle worker MB": 20 } }],
  },
  {
    ...{ id: "types", title: "Types and values of random CSVs against pandas (round_trip)", kind: "types" },
    goals: [
      { way: "guessed", most: { unexplained: 0 } },
      { way: "by signature", most: { unexplained: 0 } },
    ],
  },
  {
    ...{ id: "command", title: "The compute command, pass-through", kind: "command" },
    goals: ["ours, by parts", "ours, whole table"].map((way) => ({
      way,
      least: { "MB/s": 300 },
      most: { "peak MB": 40, "getinfo ms": 60 },
    })),
  },
];
