import { FLOOD_CONNECTIONS, type Form } from "./form.ts";
import type { Generator } from "./load/generator.ts";
import type { Calls, Target } from "./load/job.ts";
import type { Measure } from "./measures.ts";
import type { Prepared } from "./prepared.ts";
import { processorMs, tree, watchMemory } from "./processes.ts";
import type { Side, Way } from "./sides/side.ts";
import { longest, percentile } from "./summary.ts";

/** What one turn of one way gave: its figures (measures.ts), and how many of its answers were wrong. */
export interface Turn {
  readonly figures: Readonly<Record<string, number>>;
  readonly calls: number;
  readonly wrong: number;
  readonly firstWrong: string | null;
}

export interface TurnParts {
  readonly side: Side;
  readonly way: Way;
  readonly measure: Measure;
  readonly form: Form;
  readonly prepared: Prepared;
  readonly generator: Generator;
}

/** Measures a way once: warm-up, then the calls that count. @throws Error when the side stops answering */
export async function takeTurn({ side, way, measure, form, prepared, generator }: TurnParts): Promise<Turn> {
  const target: Target = { url: side.url, headers: way.headers, form: way.form };
  const pids = await tree(side.pid);
  const cases = prepared.cases(way, measure);
  const asked = { algorithm: measure.algorithm, model: "a" } as const;

  if (measure.kind === "small" || measure.kind === "flood") {
    const connections = measure.kind === "flood" ? FLOOD_CONNECTIONS : 1;
    const isSlow = measure.algorithm === "rf";
    const calls = isSlow ? form.slowCalls : measure.kind === "flood" ? form.floodCalls : form.calls;
    const job = { kind: "small", target, cases, connections } as const;
    await generator.run({ ...job, calls: isSlow ? Math.ceil(form.slowCalls / 4) : form.warmUpCalls });
    const before = await processorMs(pids);
    const result = await generator.run({ ...job, calls });
    const cpu = ((await processorMs(pids)) - before) / calls;
    const { ms, totalMs } = result;
    return turn(
      { "p50 ms": percentile(ms, 50), "p99 ms": percentile(ms, 99), "calls/s": (calls * 1000) / totalMs, "CPU ms/call": cpu },
      result,
    );
  }

  const files = await prepared.large(way, asked);
  const large = { kind: "large", target, path: way.path(asked), ...files, times: 1, keep: null } as const;
  if (measure.kind === "large") {
    const grown = await watchMemory(side.pid);
    const before = await processorMs(pids);
    const result = await generator.run(large);
    const cpu = ((await processorMs(pids)) - before) / 1000;
    return turn({ seconds: percentile(result.ms, 50) / 1000, "CPU s": cpu, "MB above idle": await grown() }, result);
  }

  const result = await generator.run({ kind: "beside", busy: large, target, cases, health: side.health });
  const figures = {
    "longest call ms": longest(result.calls.ms),
    "p50 ms": percentile(result.calls.ms, 50),
    "longest health ms": longest(result.health.ms),
    "large call s": longest(result.busy.ms) / 1000,
  };
  return turn(figures, result.busy, result.calls, result.health);
}

function turn(figures: Turn["figures"], ...results: readonly Calls[]): Turn {
  return {
    figures,
    calls: results.reduce((sum, { ms }) => sum + ms.length, 0),
    wrong: results.reduce((sum, { wrong }) => sum + wrong, 0),
    firstWrong: results.find(({ firstWrong }) => firstWrong !== null)?.firstWrong ?? null,
  };
}
