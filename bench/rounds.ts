import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { alone } from "./alone/index.ts";
import type { Form } from "./form.ts";
import type { Generator } from "./load/generator.ts";
import type { AloneMeasure, Measure, SideMeasure } from "./measures/measure.ts";
import type { Pausing } from "./pausing.ts";
import type { Prepared } from "./prepared.ts";
import type { Side, Way } from "./sides/side.ts";
import type { Measured } from "./table.ts";
import { turns } from "./turns/index.ts";
import type { Turn } from "./turns/turn.ts";

/** Of each limit, in process. */
const LIMIT_CALLS = 300;

export interface RoundsParts {
  readonly sides: readonly Side[];
  readonly form: Form;
  readonly prepared: Prepared;
  readonly generator: Generator;
  readonly pausing: Pausing;
  /** Ways and algorithms that have been warmed up: kept from measure to measure. */
  readonly warm: Set<string>;
}

/** Measures every way of every side, one turn each a round. A way that breaks is out for the rest of the measure, and told. */
export async function takeRounds(measure: SideMeasure, { sides, pausing, ...parts }: RoundsParts): Promise<Omit<Measured, "limits">> {
  const contenders = sides.flatMap((side) =>
    side.ways.filter((way) => takesPart(way, measure)).map((way) => ({ side, way, turns: [] as Turn[], failed: [] as string[] })),
  );
  const { form } = parts;
  const rounds = measure.kind === "small" || measure.kind === "flood" || measure.kind === "scale" ? form.rounds : form.largeRounds;
  for (let round = 0; round < rounds; round++) {
    for (const { side, way, turns: taken, failed } of contenders) {
      if (failed.length > 0) continue;
      await pausing.letRun(side);
      try {
        taken.push(await turns[measure.kind]({ side, way, measure, ...parts }));
      } catch (error) {
        failed.push(String(error));
      }
    }
  }
  const ways = contenders.map(({ way, turns: taken, failed: [failed] }) => ({
    name: way.name,
    turns: taken,
    ...(failed === undefined ? {} : { failed }),
  }));
  return { measure, ways };
}

function takesPart(way: Way, { algorithm, kind, ways }: SideMeasure): boolean {
  const isAble = (way.algorithms?.includes(algorithm) ?? true) && (way.kinds?.includes(kind) ?? true);
  return isAble && (ways?.includes(way.name) ?? true);
}

/** What needs no server. */
export async function takeAlone(measure: AloneMeasure, form: Form): Promise<Omit<Measured, "limits">> {
  try {
    const taken = await alone[measure.kind](form);
    return { measure, ways: Object.entries(taken).map(([name, turn]) => ({ name, turns: [turn] })) };
  } catch (error) {
    return { measure, ways: [{ name: measure.kind, turns: [], failed: String(error) }] };
  }
}

/** What the same work costs without a server, by limit: measured right after a measure, as often as its rounds. */
export async function takeLimits({ id }: Measure, folder: string, python: string, rounds: number): Promise<Measured["limits"]> {
  const taken: Readonly<Record<string, Turn["figures"]>>[] = [];
  while (taken.length < rounds) {
    const { stdout } = await promisify(execFile)(python, [join(import.meta.dirname, "limits.py"), folder, String(LIMIT_CALLS), id]);
    taken.push(JSON.parse(stdout));
  }
  return Object.keys(taken[0] ?? {}).map((name) => ({ name, figures: taken.map((round) => round[name] ?? {}) }));
}
