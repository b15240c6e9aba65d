import { STEPS } from "./moments.ts";

/** What was seen of many calls. */
export interface Timed {
  /** Microseconds of each step of each call. */
  readonly calls: readonly (readonly number[])[];
  readonly bridgeMs: readonly number[];
  readonly floorMs: readonly number[];
}

/** Medians in microseconds: a row a step, a column each for `[as it is, with cores kept awake]`. */
export function tableOf(timed: readonly Timed[]): string {
  const row = (title: string, us: (each: Timed) => readonly number[]) =>
    `| ${[title, ...timed.map((each) => median(us(each)).toFixed(0))].join(" | ")} |`;
  const inUs = (ms: readonly number[]) => ms.map((each) => each * 1000);
  return [
    "| one row, 1 connection, step by step | µs | with cores kept awake, µs |",
    "| --- | ---: | ---: |",
    ...STEPS.map(([, title], index) => row(title, ({ calls }) => calls.map((steps) => steps[index] ?? 0))),
    row("**the whole call**", ({ bridgeMs }) => inUs(bridgeMs)),
    row("the whole call where nothing is done: node:http and a Python process that give back what came", ({ floorMs }) => inUs(floorMs)),
  ].join("\n");
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
