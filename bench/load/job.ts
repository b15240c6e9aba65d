/** One request and the results that are right for it: its own rows', by its own model. */
export interface Case {
  readonly path: string;
  readonly body: string;
  readonly results: string;
}

/** Whom to ask. `form` says where an answer has its results (sides/side.ts). */
export interface Target {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly form: "csv" | "json";
}

/** Many small calls: each connection sends its next one when the last was answered. */
export interface SmallJob {
  readonly kind: "small";
  readonly target: Target;
  readonly cases: readonly Case[];
  readonly connections: number;
  readonly calls: number;
}

/** One call whose body and right results are files. */
export interface LargeJob {
  readonly kind: "large";
  readonly target: Target;
  readonly path: string;
  readonly body: string;
  readonly results: string;
}

/** A large call, and beside it small ones and health checks one after the other until it has ended. */
export interface BesideJob {
  readonly kind: "beside";
  readonly large: LargeJob;
  readonly cases: readonly Case[];
  readonly health: { readonly path: string; readonly headers: Readonly<Record<string, string>> };
}

export type Job = SmallJob | LargeJob | BesideJob;

/** Milliseconds of each call, in their order, and how many answers were not right. */
export interface Calls {
  readonly ms: readonly number[];
  readonly wrong: number;
  /** The first wrong answer's beginning. */
  readonly firstWrong: string | null;
  /** From the first request to the last answer. */
  readonly totalMs: number;
}

export interface Beside {
  readonly large: Calls;
  readonly calls: Calls;
  readonly health: Calls;
}

export type Result<J extends Job> = J extends BesideJob ? Beside : Calls;
