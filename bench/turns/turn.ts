import type { Form } from "../form.ts";
import type { Generator } from "../load/generator.ts";
import type { Calls } from "../load/job.ts";
import type { SideMeasure } from "../measures/measure.ts";
import type { Prepared } from "../prepared.ts";
import type { Side, Way } from "../sides/side.ts";

/** What one turn of one way gave: its figures (measures/kinds.ts), and how many of its answers were wrong. */
export interface Turn {
  readonly figures: Readonly<Record<string, number>>;
  readonly calls: number;
  readonly wrong: number;
  readonly firstWrong: string | null;
}

export interface TurnParts {
  readonly side: Side;
  readonly way: Way;
  readonly measure: SideMeasure;
  readonly form: Form;
  readonly prepared: Prepared;
  readonly generator: Generator;
  /** Ways and algorithms that have been warmed up, by `warmKey`. */
  readonly warm: Set<string>;
}

/** Figures and the calls that they are of. */
export function turnOf(figures: Turn["figures"], ...results: readonly Calls[]): Turn {
  return {
    figures,
    calls: results.reduce((sum, { ms }) => sum + ms.length, 0),
    wrong: results.reduce((sum, { wrong }) => sum + wrong, 0),
    firstWrong: results.find(({ firstWrong }) => firstWrong !== null)?.firstWrong ?? null,
  };
}
