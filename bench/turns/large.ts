import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { LargeJob } from "../load/job.ts";
import { modelsPython } from "../places.ts";
import { processorMs, tree, watchMemory } from "../processes.ts";
import type { Side } from "../sides/side.ts";
import { longest, percentile } from "../summary.ts";
import { targetOf } from "./calls.ts";
import { type Turn, type TurnParts, turnOf } from "./turn.ts";

/** One large call of the measure's algorithm, by model `a`. */
export async function largeJob(parts: TurnParts): Promise<LargeJob> {
  const { way, measure, prepared } = parts;
  const asked = { algorithm: measure.algorithm, model: "a" } as const;
  const files = await prepared.large(way, asked);
  const keep = way.form === "arrow" ? join(prepared.folder, "answer.arrow") : null;
  return { kind: "large", target: targetOf(parts), path: way.path(asked), ...files, times: measure.times ?? 1, keep };
}

export async function takeLarge(parts: TurnParts): Promise<Turn> {
  const job = await largeJob(parts);
  const pids = await tree(parts.side.pid);
  const grown = await watchMemory(parts.side.pid);
  const before = await processorMs(pids);
  const result = await parts.generator.run(job);
  const cpu = ((await processorMs(pids)) - before) / 1000;
  const above = (await grown()).reduce((sum, each) => sum + each.grown, 0);
  const turn = turnOf({ seconds: percentile(result.ms, 50) / 1000, "CPU s": cpu, "MB above idle": above }, result);
  if (job.keep === null || turn.wrong > 0) return turn;
  const differs = await arrowDiffers(job.keep, job.results);
  return differs === "" ? turn : { ...turn, wrong: 1, firstWrong: differs };
}

/** Of the large body. */
const COLUMNS = 4;

/** What each side's processes had before its first large call: later rounds and more rows count from there, too. */
const idles = new WeakMap<Side, Map<number, number>>();

/** What memory the server and its most grown worker took beyond what they had when only small calls had been made. */
export async function takeMemory(parts: TurnParts): Promise<Turn> {
  const { side, way, measure, form, prepared } = parts;
  const job = await largeJob(parts);
  const idle = idles.get(side) ?? new Map<number, number>();
  if (idle.size === 0) {
    const cases = prepared.cases(way, { ...measure, rows: 1 });
    await parts.generator.run({ kind: "small", target: targetOf(parts), cases, connections: 1, enough: { seconds: form.againSeconds } });
    idles.set(side, idle);
  }
  const grown = await watchMemory(side.pid, idle);
  const result = await parts.generator.run(job);
  const all = await grown();
  const server = all.filter(({ isNode }) => isNode);
  const figures = {
    "server MB above idle": longest(server.map((each) => each.grown)),
    "worker MB above idle": longest(all.filter(({ isNode }) => !isNode).map((each) => each.grown)),
    "server idle MB": longest(server.map((each) => each.before)),
    seconds: percentile(result.ms, 50) / 1000,
  };
  return turnOf(figures, result);
}

/** Bytes of a number in memory. */
const NUMBER_BYTES = 8;

/**
 * What memory a fit of the whole table takes, for each byte that the table's numbers have. The algorithm learns nothing and
 * its closing apply gives its rows back, so that nothing of it is the notebook's.
 */
export async function takeFitted(parts: TurnParts): Promise<Turn> {
  const { side, way, measure, form } = parts;
  if (!way.fitPath) throw new Error(`${way.name} has no fit.`);
  const job = { ...(await largeJob(parts)), path: way.fitPath({ algorithm: measure.algorithm, model: "a" }) };
  const grown = await watchMemory(side.pid);
  const result = await parts.generator.run(job);
  const all = await grown();
  const worker = longest(all.filter(({ isNode }) => !isNode).map((each) => each.grown));
  const figures = {
    "times the table": (worker * 1024 * 1024) / (form.largeRows * (measure.times ?? 1) * COLUMNS * NUMBER_BYTES),
    "worker MB above idle": worker,
    "server MB above idle": longest(all.filter(({ isNode }) => isNode).map((each) => each.grown)),
    seconds: percentile(result.ms, 50) / 1000,
  };
  return turnOf(figures, result);
}

/** How an Arrow answer differs from the right CSV; nothing when it does not. */
async function arrowDiffers(answer: string, results: string): Promise<string> {
  const { stdout } = await promisify(execFile)(modelsPython, [join(import.meta.dirname, "../arrow_same.py"), answer, results]);
  return stdout.trim();
}
