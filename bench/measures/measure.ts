import type { AlgorithmName } from "../sides/side.ts";

/** What a turn measures, and what its table says: the first figure is the one that ratios are of. */
export const kinds = {
  small: { figures: ["p50 ms", "p99 ms", "CPU ms/call"], isMoreBetter: false },
  flood: { figures: ["calls/s", "p99 ms", "CPU ms/call"], isMoreBetter: true },
  scale: { figures: ["times as many", "calls/s of one", "calls/s of two"], isMoreBetter: true },
  large: { figures: ["seconds", "CPU s", "MB above idle"], isMoreBetter: false },
  memory: { figures: ["server MB above idle", "worker MB above idle", "server idle MB", "seconds"], isMoreBetter: false },
  beside: { figures: ["call p99 ms", "call p50 ms", "health p99 ms", "busy s"], isMoreBetter: false },
  load: { figures: ["health p99 ms", "health p50 ms", "calls/s"], isMoreBetter: false },
  mixed: { figures: ["wrong", "answers", "calls/s"], isMoreBetter: false },
  saved: { figures: ["p50 ms", "p99 ms", "saves"], isMoreBetter: false },
  starts: { figures: ["new version ms", "new worker ms", "warm process s", "idle worker MB"], isMoreBetter: false },
  types: { figures: ["unexplained", "equal", "last place of a float", "pandas' default floats", "refused", "CSVs"], isMoreBetter: false },
  command: { figures: ["MB/s", "peak MB", "getinfo ms"], isMoreBetter: true },
} as const;
export type Kind = keyof typeof kinds;
/** Those that no server is asked for. */
export type AloneKind = "types" | "command";
export type SideKind = Exclude<Kind, AloneKind>;

/** What a way must reach: so many times better than the reference, at most or at least a number, or at most a limit's own figure and a bit. */
export interface Goal {
  readonly way: string;
  readonly ratio?: number;
  readonly most?: Readonly<Record<string, number>>;
  readonly least?: Readonly<Record<string, number>>;
  readonly limit?: { readonly name: string; readonly factor?: number; readonly plus?: number };
}

interface Said {
  readonly id: string;
  readonly title: string;
  readonly goals: readonly Goal[];
  /** Measured when asked for alone. */
  readonly only?: "huge";
}

/** Of sides, in turns. */
export interface SideMeasure extends Said {
  readonly kind: SideKind;
  readonly algorithm: AlgorithmName;
  readonly rows: 1 | 100 | "large";
  /** The large body's records come so many times. Default 1. */
  readonly times?: number;
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
  return measure.kind === "types" || measure.kind === "command";
}

/** Ways of the bridge, as tables and goals name them. */
export const csv = "bridge, CSV";
export const helper = "bridge, CSV, prediction helper";
export const arrow = "bridge, Arrow";
export const json = "bridge, DSDL's JSON";
export const named = "bridge, DSDL's JSON, algorithm in a header";
