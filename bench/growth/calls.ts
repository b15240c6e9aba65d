import type { Generator } from "../load/generator.ts";
import type { Calls, Case, Target } from "../load/job.ts";
import { type Column, median, quantile } from "./curve.ts";

const PILOT = 32;
/** Calls of a connection that a point has at least. */
const EACH = 4;

/** Columns of `callFigures` under a name in front of their keys. */
export function callColumns(key: string, title: string): readonly Column[] {
  return [
    { key: `${key}PerSecond`, title: `${title}, calls/s`, panel: "calls/s" },
    { key: `${key}P50`, title: `${title}, p50 ms`, panel: "ms" },
    { key: `${key}P99`, title: `${title}, p99 ms`, panel: "ms" },
  ];
}

type Job = { readonly target: Target; readonly cases: readonly Case[]; readonly connections: number };

/**
 * Measures small calls for about so many seconds, but no more calls than said.
 *
 * @throws Error when an answer is not its call's own
 */
export async function callFigures(
  generator: Generator,
  key: string,
  job: Job,
  { calls: most, seconds }: { readonly calls: number; readonly seconds: number },
): Promise<Record<string, number>> {
  await generator.run({ kind: "small", ...job, enough: { calls: Math.max(PILOT, job.connections) } });
  const pilot = await generator.run({ kind: "small", ...job, enough: { calls: Math.max(PILOT, job.connections) } });
  const fit = Math.min(most, Math.floor((pilot.ms.length / pilot.totalMs) * seconds * 1000));
  const calls = Math.max(fit, EACH * job.connections);
  return figures(key, await generator.run({ kind: "small", ...job, enough: { calls } }));
}

/** Measures the call of each case once. @throws Error when an answer is not its call's own */
export async function eachOnce(generator: Generator, key: string, job: Job): Promise<Record<string, number>> {
  return figures(key, await generator.run({ kind: "small", ...job, enough: { calls: job.cases.length } }));
}

function figures(key: string, { ms, wrong, firstWrong, totalMs }: Calls): Record<string, number> {
  if (wrong > 0) throw new Error(`${wrong} of ${ms.length} answers are wrong, the first: ${firstWrong}`);
  return { [`${key}PerSecond`]: (ms.length / totalMs) * 1000, [`${key}P50`]: median(ms), [`${key}P99`]: quantile(ms, 0.99) };
}
