import { kinds } from "./measures/kinds.ts";
import type { Goal, Measure } from "./measures/measure.ts";
import { median } from "./summary.ts";
import type { Turn } from "./turns/turn.ts";

/** All that was measured of one measure. */
export interface Measured {
  readonly measure: Measure;
  /** By way, a turn a round; or what broke. */
  readonly ways: readonly { readonly name: string; readonly turns: readonly Turn[]; readonly failed?: string }[];
  /** Without a server, by limit: the figures of each round. */
  readonly limits: readonly { readonly name: string; readonly figures: readonly Turn["figures"][] }[];
}

/**
 * The table of one measure, as Markdown. A cell is best / median of the rounds; a ratio is the median of the rounds'
 * own ratios, so that a slow minute, which hits all sides, does not count for or against one; that of a limit is of medians.
 *
 * @param reference the way that ratios are against
 */
export function tableOf({ measure, ways, limits }: Measured, reference: string): string {
  const { figures, isMoreBetter } = kinds[measure.kind];
  const [main] = figures;
  const base = ways.find(({ name }) => name === reference)?.turns ?? [];
  const rows = ways.map(({ name, turns, failed }) => {
    if (failed !== undefined) return [name, ...figures.map(() => ""), "", "", `failed: ${oneLine(failed)}`];
    const ratio = ratioTo(base, turns, main, isMoreBetter);
    const goals = measure.goals.filter((goal) => goal.way === name);
    return [
      name,
      ...figures.map((figure) => cell(turns.map(figureOf(figure)), moreIsBetter.has(figure))),
      name === reference ? "1" : times(ratio),
      goals.flatMap((goal) => [...judged(goal, turns, ratio, limits, main), ...besides(goal, turns, ways, main)]).join("; "),
      wrongOf(turns),
    ];
  });
  const limitRows = limits.map(({ name, figures: rounds }) => {
    const valuesOf = (figure: string) => rounds.map((round) => round[figure] ?? Number.NaN);
    const [mine, theirs] = [median(valuesOf(main)), median(base.map(figureOf(main)))];
    return [
      `in process: ${name}`,
      ...figures.map((figure) => cell(valuesOf(figure), moreIsBetter.has(figure))),
      ...[times(isMoreBetter ? mine / theirs : theirs / mine), "", ""],
    ];
  });
  const head = ["", ...figures, `against ${reference}`, "goal", "wrong answers"];
  const lines = [head, head.map(() => "---"), ...rows, ...limitRows].map((each) => `| ${each.join(" | ")} |`);
  return [`### ${measure.title}`, "", ...lines, ""].join("\n");
}

/** Figures of which the best is the greatest. */
const moreIsBetter: ReadonlySet<string> = new Set(["calls/s", "calls/s of one", "calls/s of two", "times as many", "MB/s", "equal"]);

const figureOf = (figure: string) => (turn: Turn) => turn.figures[figure] ?? Number.NaN;

function ratioTo(base: readonly Turn[], turns: readonly Turn[], main: string, isMoreBetter: boolean): number {
  const rounds = turns.flatMap((turn, round) => {
    const other = base[round];
    if (!other) return [];
    const [mine, theirs] = [figureOf(main)(turn), figureOf(main)(other)];
    return [isMoreBetter ? mine / theirs : theirs / mine];
  });
  return median(rounds);
}

const say = (text: string, isReached: boolean): string => `${text} ${isReached ? "yes" : "**no**"}`;

/** Each part of a goal, and whether the median of the rounds reached it. */
function judged(goal: Goal, turns: readonly Turn[], ratio: number, limits: Measured["limits"], main: string): string[] {
  const said: string[] = [];
  if (goal.ratio !== undefined && !Number.isNaN(ratio)) said.push(say(`≥ ${goal.ratio}×`, ratio >= goal.ratio));
  for (const [figure, least] of Object.entries(goal.least ?? {}))
    said.push(say(`${figure} ≥ ${least}`, median(turns.map(figureOf(figure))) >= least));
  for (const [figure, most] of Object.entries(goal.most ?? {}))
    said.push(say(`${figure} ≤ ${most}`, median(turns.map(figureOf(figure))) <= most));
  const limit = limits.find(({ name }) => name === goal.limit?.name);
  if (goal.limit && limit) {
    const { name, factor = 1, plus = 0 } = goal.limit;
    const most = median(limit.figures.map((round) => round[main] ?? Number.NaN)) * factor + plus;
    const rule = plus > 0 ? `${name} + ${plus}` : `${factor} × ${name}`;
    said.push(say(`≤ ${rule}`, median(turns.map(figureOf(main))) <= most));
  }
  return said;
}

/** Whether its median is below that of the way that the goal names; nothing where that one is not there. */
function besides({ better }: Goal, turns: readonly Turn[], ways: Measured["ways"], main: string): string[] {
  const other = ways.find(({ name }) => name === better)?.turns ?? [];
  if (other.length === 0) return [];
  return [say(`below ${better}`, median(turns.map(figureOf(main))) < median(other.map(figureOf(main))))];
}

function wrongOf(turns: readonly Turn[]): string {
  const wrong = turns.reduce((sum, each) => sum + each.wrong, 0);
  const calls = turns.reduce((sum, each) => sum + each.calls, 0);
  const first = turns.find(({ firstWrong }) => firstWrong !== null)?.firstWrong;
  return `${wrong} of ${calls}${first ? `, first: ${oneLine(first)}` : ""}`;
}

function cell(values: readonly number[], isMoreBetter: boolean): string {
  if (values.length === 0 || values.some(Number.isNaN)) return "";
  if (values.length === 1) return digits(values[0] ?? Number.NaN);
  const best = isMoreBetter ? Math.max(...values) : Math.min(...values);
  return `${digits(best)} / ${digits(median(values))}`;
}

/** Three digits that count, no more. */
function digits(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en-US") : String(Number(value.toPrecision(3)));
}

const times = (ratio: number): string => (ratio > 0 && Number.isFinite(ratio) ? `${digits(ratio)}×` : "");

/** Text that cannot break a table. */
function oneLine(text: string): string {
  return text.slice(0, 160).replaceAll(/\s+/g, " ").replaceAll("|", "\\|");
}
