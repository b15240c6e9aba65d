import { FLOOD_CONNECTIONS } from "../form.ts";
import type { BesideJob, Calls } from "../load/job.ts";
import { longest, percentile } from "../summary.ts";
import { targetOf, warmUp } from "./calls.ts";
import { largeJob } from "./large.ts";
import { type Turn, type TurnParts, turnOf } from "./turn.ts";

/** So often the calls are made alone and beside the flood within one turn: the slowest of a hundred are few, and a slow moment hits both. */
const FAIR_TIMES = 3;

/** How long small calls and health checks wait while the same side computes something long. */
export async function takeBeside(parts: TurnParts): Promise<Turn> {
  const { side, way, measure, prepared, generator } = parts;
  await warmUp(parts);
  const target = targetOf(parts);
  const busy = measure.busy === "fit" ? fitJob(parts) : await largeJob(parts);
  const { form, ...rest } = target;
  const cases = prepared.cases(way, measure);
  const result = await generator.run({ kind: "beside", busy, target: { ...rest, form }, cases, health: side.health });
  const figures = {
    "call p99 ms": percentile(result.calls.ms, 99),
    "call p50 ms": percentile(result.calls.ms, 50),
    "health p99 ms": percentile(result.health.ms, 99),
    "busy s": longest(result.busy.ms) / 1000,
  };
  return turnOf(figures, result.busy, result.calls, result.health);
}

/** How long one caller's calls wait while another keeps many connections busy, against the same calls while nobody else calls. */
export async function takeFair(parts: TurnParts): Promise<Turn> {
  const { side, way, measure, form, prepared, generator } = parts;
  if (!side.otherCaller) throw new Error(`${way.name} knows one caller alone.`);
  await warmUp(parts, FLOOD_CONNECTIONS);
  const target = targetOf(parts);
  const other = { ...target, headers: { ...target.headers, ...side.otherCaller } };
  const cases = prepared.cases(way, measure);
  const { seconds } = form;
  const calling = { kind: "beside", target, cases, health: side.health } as const;
  const flood = { kind: "small", cases, target: other, connections: FLOOD_CONNECTIONS, enough: { seconds } } as const;
  const alone: Calls[] = [];
  const beside: Calls[] = [];
  const floods: Calls[] = [];
  for (let time = 0; time < FAIR_TIMES; time++) {
    alone.push((await generator.run({ ...calling, busy: { kind: "idle", seconds } })).calls);
    const { calls, busy } = await generator.run({ ...calling, busy: flood });
    beside.push(calls);
    floods.push(busy);
  }
  const slowest = (each: readonly Calls[]) =>
    percentile(
      each.flatMap(({ ms }) => ms),
      99,
    );
  const answered = floods.reduce((sum, { ms }) => sum + ms.length, 0);
  const perSecond = (answered * 1000) / floods.reduce((sum, { totalMs }) => sum + totalMs, 0);
  const figures = {
    "times alone": slowest(beside) / slowest(alone),
    "call p99 ms": slowest(beside),
    "p99 ms alone": slowest(alone),
    "the other's calls/s": perSecond,
  };
  return turnOf(figures, ...alone, ...beside, ...floods);
}

/** Health checks while many connections call. */
export async function takeLoad(parts: TurnParts): Promise<Turn> {
  const { side, way, measure, form, prepared, generator } = parts;
  await warmUp(parts, FLOOD_CONNECTIONS);
  const target = targetOf(parts);
  const cases = prepared.cases(way, measure);
  const busy = { kind: "small", target, cases, connections: FLOOD_CONNECTIONS, enough: { seconds: form.seconds } } as const;
  const { health, busy: flood } = await generator.run({ kind: "beside", busy, target, cases: [], health: side.health });
  const perSecond = (flood.ms.length * 1000) / flood.totalMs;
  const figures = { "health p99 ms": percentile(health.ms, 99), "health p50 ms": percentile(health.ms, 50), "calls/s": perSecond };
  return turnOf(figures, flood, health);
}

/** A fit whose code holds the interpreter from its first to its last moment; it answers with the closing apply's rows. */
function fitJob({ way, measure, prepared, side }: TurnParts): BesideJob["busy"] {
  if (!way.fitPath) throw new Error(`${way.name} has no fit.`);
  const asked = { algorithm: "stubborn", model: "a" } as const;
  const [first] = prepared.cases(way, { ...measure, algorithm: "trivial", answer: "echo" });
  if (!first) throw new Error("There are no rows.");
  const body = way.body(asked, first.results);
  const target = targetOf({ side, way });
  return {
    kind: "small",
    target,
    cases: [{ path: way.fitPath(asked), body, results: first.results }],
    connections: 1,
    enough: { calls: 1 },
  };
}
