import type { Form } from "../load/job.ts";
import type { SideKind } from "../measures/kinds.ts";

/** stubborn: its fit holds the interpreter for seconds. mark: like lr, but no answer of the one is one of the other. */
export type AlgorithmName = "trivial" | "lr" | "rf" | "mark" | "stubborn";
export type ModelName = "a" | "b";

/** The model that a call is about. */
export interface Asked {
  readonly algorithm: AlgorithmName;
  readonly model: ModelName;
}

/** One way to ask a side: how a request is made of rows, and where its answer has the results. */
export interface Way {
  /** As the table says it. */
  readonly name: string;
  readonly form: Form;
  /** Whether it knows both models, or `a` alone. */
  readonly models: readonly ModelName[];
  /** All, unless said. */
  readonly algorithms?: readonly AlgorithmName[];
  /** What it takes part in: all, unless said. */
  readonly kinds?: readonly SideKind[];
  readonly headers: Readonly<Record<string, string>>;
  path(asked: Asked): string;
  /** Undefined: it cannot fit by a call. */
  readonly fitPath?: (asked: Asked) => string;
  body(asked: Asked, csv: string): string;
}

/** What became of saves that followed each other. */
export interface Kept {
  /** How many there were, whole bursts. */
  readonly saves: number;
  /** Of those that nothing newer followed: how many did not become what is called. */
  readonly lost: number;
  /** Versions that are of two saves. */
  readonly torn: number;
  readonly versions: number;
}

/** What a side tells of its workers. */
export interface Starts {
  /** Milliseconds of the first call after a new version became live. */
  firstCallOfVersion(): Promise<number>;
  /** Milliseconds of the first call after the version's workers died. */
  firstCallOfWorker(): Promise<number>;
  /** Private memory of each idle worker. */
  workersMb(): Promise<readonly number[]>;
  readonly warmSeconds: number;
}

/** A started server that holds all models. Disposing ends it and removes its files. */
export interface Side extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  readonly ways: readonly Way[];
  /** What a monitor would ask. */
  readonly health: { readonly path: string; readonly headers: Readonly<Record<string, string>> };
  /** Headers of another caller than that of the ways, where callers take turns. */
  readonly otherCaller?: Readonly<Record<string, string>>;
  /** Saves a version that was never there, in a notebook with outputs of so many MB; milliseconds from the last byte until it is what is called. */
  readonly saved?: (outputsMb?: number) => Promise<number>;
  /** Saves so many versions, one upon the other, by rename and in place. */
  readonly kept?: (saves: number) => Promise<Kept>;
  readonly starts?: Starts;
  /** What a reader of the table must know of this run. */
  readonly notes?: readonly string[];
}

export interface SideParts {
  /** An empty folder for all that the side writes. */
  readonly folder: string;
  readonly python: string;
  /** Training rows of each model, as files. */
  readonly train: Readonly<Record<ModelName, string>>;
}

/** Those that every side has. */
export const servedNames: readonly AlgorithmName[] = ["trivial", "lr", "rf"];
export const algorithmNames: readonly AlgorithmName[] = [...servedNames, "mark", "stubborn"];
/** Those of which there are models before the first call. */
export const fittedNames: readonly AlgorithmName[] = [...servedNames, "mark"];
export const modelNames: readonly ModelName[] = ["a", "b"];

export const isBridge = ({ name }: Way): boolean => name.startsWith("bridge");
