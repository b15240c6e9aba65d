import type { AlgorithmName } from "../sides/side.ts";
import type { AloneKind, SideKind } from "./kinds.ts";

/** What a way must reach: so many times better than the reference, at most or at least a number, or at most a limit's own figure and a bit. */
export interface Goal {
  readonly way: string;
  readonly ratio?: number;
  readonly most?: Readonly<Record<string, number>>;
  readonly least?: Readonly<Record<string, number>>;
  readonly limit?: { readonly name: string; readonly factor?: number; readonly plus?: number };
  /** Another way that it must be better than. */
  readonly better?: string;
}

interface Said {
  readonly id: string;
  readonly title: string;
  readonly goals: readonly Goal[];
  /** Measured when asked for alone. */
  readonly only?: "huge" | "lab";
}

/** Of sides, in turns. */
export interface SideMeasure extends Said {
  readonly kind: SideKind;
  readonly algorithm: AlgorithmName;
  readonly rows: 1 | 100 | "large";
  /** The large body's records come so many times. Default 1. */
  readonly times?: number;
  /** What the outputs of a saved notebook take, in MB. Default none. */
  readonly outputsMb?: number;
  /** What keeps a server busy beside the calls: a large call, or a fit. */
  readonly busy?: "large" | "fit";
  /** Rows come back as they went, or one prediction for each. */
  readonly answer: "echo" | "predicted";
  /** Ways that take part; all that can, unless said. */
  readonly ways?: readonly string[];
}

export interface AloneMeasure extends Said {
  readonly kind: AloneKind;
}

export type Measure = SideMeasure | AloneMeasure;

export function isAlone(measure: Measure): measure is AloneMeasure {
  return measure.kind === "types" || measure.kind === "command" || measure.kind === "lab";
}

/** Ways of the bridge, as tables and goals name them. */
export const csv = "bridge, CSV";
export const helper = "bridge, CSV, prediction helper";
export const arrow = "bridge, Arrow";
export const json = "bridge, DSDL's JSON";
export const named = "bridge, DSDL's JSON, algorithm in a header";
