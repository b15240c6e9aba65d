import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Form } from "./form.ts";
import type { Generator } from "./load/generator.ts";
import type { Measure } from "./measures.ts";
import type { Prepared } from "./prepared.ts";
import type { Side } from "./sides/side.ts";
import type { Measured } from "./table.ts";
import { type Turn, takeTurn } from "./turn.ts";

export interface RoundsParts {
  readonly sides: readonly Side[];
  readonly form: Form;
  readonly prepared: Prepared;
  readonly generator: Generator;
}

/** Measures every way of every side, one turn each a round. A way that breaks is out for the rest of the measure, and told. */
export async function takeRounds(measure: Measure, { sides, form, prepared, generator }: RoundsParts): Promise<Omit<Measured, "limits">> {
  const contenders = sides.flatMap((side) =>
    side.ways
      .filter((way) => way.algorithms?.includes(measure.algorithm) ?? true)
      .map((way) => ({ side, way, turns: [] as Turn[], failed: [] as string[] })),
  );
  const rounds = measure.kind === "small" || measure.kind === "flood" ? form.rounds : form.largeRounds;
  for (let round = 0; round < rounds; round++) {
    for (const { side, way, turns, failed } of contenders) {
      if (failed.length > 0) continue;
      try {
        turns.push(await takeTurn({ side, way, measure, form, prepared, generator }));
      } catch (error) {
        failed.push(String(error));
      }
    }
  }
  const ways = contenders.map(({ way, turns, failed: [failed] }) => ({
    name: way.name,
    turns,
    ...(failed === undefined ? {} : { failed }),
  }));
  return { measure, ways };
}

/** By measure and limit: the figures of one run of limits.py. */
export type Limits = Readonly<Record<string, Readonly<Record<string, Turn["figures"]>>>>;

export async function takeLimits(folder: string, python: string, calls: number): Promise<Limits> {
  const { stdout } = await promisify(execFile)(python, [join(import.meta.dirname, "limits.py"), folder, String(calls)]);
  return JSON.parse(stdout);
}

/** The rounds of one measure's limits. */
export function limitsOf(measure: Measure, rounds: readonly Limits[]): Measured["limits"] {
  const names = Object.keys(rounds[0]?.[measure.id] ?? {});
  return names.map((name) => ({ name, figures: rounds.map((round) => round[measure.id]?.[name] ?? {}) }));
}
