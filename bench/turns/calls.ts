import { FLOOD_CONNECTIONS, MOST_MIXED_OF_OTHERS } from "../form.ts";
import type { Target } from "../load/job.ts";
import { processorMs, tree } from "../processes.ts";
import { isBridge } from "../sides/side.ts";
import { percentile } from "../summary.ts";
import { type Turn, type TurnParts, turnOf } from "./turn.ts";

/** One way's address, headers and form. */
export const targetOf = ({ side, way }: Pick<TurnParts, "side" | "way">): Target => ({
  url: side.url,
  headers: way.headers,
  form: way.form,
});

/**
 * Calls until code is compiled, caches are warm and as many workers run as these connections need; the first turn's serve
 * all later ones of the way and its algorithm.
 */
export async function warmUp(parts: TurnParts, connections = 1): Promise<void> {
  const { way, measure, form, prepared, generator, warm } = parts;
  const key = `${way.name} ${measure.algorithm} ${connections}`;
  const seconds = warm.has(key) ? form.againSeconds : form.warmUpSeconds;
  warm.add(key);
  const cases = prepared.cases(way, measure);
  await generator.run({ kind: "small", target: targetOf(parts), cases, connections, enough: { seconds } });
}

/** Small calls, one after the other or on many connections. */
export async function takeCalls(parts: TurnParts): Promise<Turn> {
  const { side, way, measure, form, prepared, generator } = parts;
  const connections = measure.kind === "flood" ? FLOOD_CONNECTIONS : 1;
  await warmUp(parts, connections);
  const pids = await tree(side.pid);
  const before = await processorMs(pids);
  const cases = prepared.cases(way, measure);
  const enough = { seconds: form.seconds };
  const result = await generator.run({ kind: "small", target: targetOf(parts), cases, connections, enough });
  const { ms } = result;
  const cpu = ((await processorMs(pids)) - before) / ms.length;
  const perSecond = (ms.length * 1000) / result.totalMs;
  return turnOf({ "p50 ms": percentile(ms, 50), "p99 ms": percentile(ms, 99), "calls/s": perSecond, "CPU ms/call": cpu }, result);
}

/** A worker computes one call at a time, so that one connection keeps one worker busy, and two keep two. */
export async function takeScale(parts: TurnParts): Promise<Turn> {
  const { way, measure, form, prepared, generator } = parts;
  await warmUp(parts);
  const cases = prepared.cases(way, measure);
  const job = { kind: "small", target: targetOf(parts), cases, enough: { seconds: form.seconds } } as const;
  const one = await generator.run({ ...job, connections: 1 });
  await warmUp(parts, 2); // the second worker starts
  const two = await generator.run({ ...job, connections: 2 });
  const [single, both] = [one.ms.length / one.totalMs, two.ms.length / two.totalMs];
  return turnOf({ "times as many": both / single, "calls/s of one": single * 1000, "calls/s of two": both * 1000 }, one, two);
}

/** Two algorithms and two models on many connections: whose answer is whose. */
export async function takeMixed(parts: TurnParts): Promise<Turn> {
  const { way, measure, form, prepared, generator } = parts;
  const [some, others] = (["lr", "mark"] as const).map((algorithm) => prepared.cases(way, { ...measure, algorithm }));
  const cases = (some ?? []).flatMap((each, at) => [each, ...(others?.slice(at, at + 1) ?? [])]);
  const calls = Math.ceil((isBridge(way) ? form.mixedCalls : Math.min(form.mixedCalls, MOST_MIXED_OF_OTHERS)) / form.largeRounds);
  const result = await generator.run({ kind: "small", target: targetOf(parts), cases, connections: FLOOD_CONNECTIONS, enough: { calls } });
  return turnOf({ wrong: result.wrong, answers: calls, "calls/s": (calls * 1000) / result.totalMs }, result);
}
