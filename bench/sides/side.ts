import type { Form } from "../load/job.ts";

export type AlgorithmName = "trivial" | "lr" | "rf";
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
  readonly headers: Readonly<Record<string, string>>;
  path(asked: Asked): string;
  body(asked: Asked, csv: string): string;
}

/** A started server that holds all models. Disposing ends it and removes its files. */
export interface Side extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  readonly ways: readonly Way[];
  /** What a monitor would ask. */
  readonly health: { readonly path: string; readonly headers: Readonly<Record<string, string>> };
}

export interface SideParts {
  /** An empty folder for all that the side writes. */
  readonly folder: string;
  readonly python: string;
  /** Training rows of each model, as files. */
  readonly train: Readonly<Record<ModelName, string>>;
}

export const algorithmNames: readonly AlgorithmName[] = ["trivial", "lr", "rf"];
export const modelNames: readonly ModelName[] = ["a", "b"];
