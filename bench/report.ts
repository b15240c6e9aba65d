import { readFile } from "node:fs/promises";
import { loadavg } from "node:os";
import { join } from "node:path";
import type { Form } from "./form.ts";
import { machineLine, pythonLine } from "./machine.ts";
import { modelsPython, root } from "./places.ts";

const notes = [
  "The load generator is a process of its own on the same cores, with sockets of its own that are kept open; its time is in every figure.",
  "The bridge runs with its token, run records and receipts; DSDL's server and LitServe with their keys, the others without any, all with their default logs.",
  "Who has not its turn is stopped: what the others do while they wait for calls is in no figure.",
  "MB above idle: how far all processes of a side grew while the call ran, each to its own peak, added up.",
  "Bare node:http answers each body with itself: the part of every figure that is HTTP, the kernel and the load generator. With a worker: it comes back from a Python process over a Unix socket, too.",
  "The bridge's workers run at nice 5 (10 after many rows, 15 for fits), the peers do not: where other programs want the cores (see the loads), only the bridge yields to them.",
  "The bridge and DSDL's and DLTK's servers hold two models of each algorithm, asked for in turns, whose answers have no value in common; the others hold one.",
  "On 32 connections the bridge has as many workers of an algorithm as it starts itself, LitServe one process an algorithm, the others one for all, as each does by default.",
  "Two workers against one: a worker computes one call at a time, so one connection keeps one busy and two keep two. Server and load generator want their part of the cores, too.",
  "Small calls of the peers' JSON forms hold the rows as that peer's documentation has tables: records, columns, or tensors.",
];

export interface ReportParts {
  readonly form: Form;
  readonly reference: string;
  /** Who is missing, and what a reader must know of this run. */
  readonly notes: readonly string[];
  /** Versions of the peers that run, one line each environment. */
  readonly peers: readonly string[];
}

/** Looks at machine and versions now; the function that it gives joins them with the tables. */
export async function reportOf({ form, reference, notes: ofRun, peers }: ReportParts) {
  const { version }: { version: string } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  const models = await pythonLine(modelsPython, ["numpy", "pandas", "pyarrow", "scikit-learn"]);
  const head = [
    "# Results",
    "",
    "Written by `npm run bench`. A cell is **best / median** of the rounds; a ratio is the median of the rounds' own ratios.",
    "",
    `- Machine: ${await machineLine()}`,
    `- Bridge ${version}, Node ${process.versions.node}; workers: ${models}`,
    ...peers.map((line) => `- Peers: ${line}`),
    `- Reference: ${reference}${reference === "DSDL" ? "" : ", ours, of DSDL 5.2.4's behaviour (README.md says how near it is)"}`,
    `- Form: ${form.name}: ${form.rounds} rounds of ${form.seconds} s of small calls, after ${form.warmUpSeconds} s the first time and ${form.againSeconds} s each other time; ${form.largeRounds} rounds of ${form.largeRows.toLocaleString("en-US")} rows`,
    ...[...ofRun, ...notes].map((line) => `- ${line}`),
  ];
  return (tables: readonly string[], minutes: number): string =>
    [...head, `- It took ${minutes.toFixed(1)} minutes; load at the end ${(loadavg()[0] ?? 0).toFixed(2)}`, "", ...tables].join("\n");
}
