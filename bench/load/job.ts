/**
 * Where an answer has its results. csv: the body; json: the key `results`, as CSV; records: an array of objects; columns: an
 * object of arrays; v2: the outputs of the open inference protocol; arrow: a stream, compared by arrow_same.py.
 */
export type Form = "csv" | "json" | "records" | "columns" | "v2" | "arrow";

/** One request and the results that are right for it, as CSV: its own rows', by its own model. */
export interface Case {
  readonly path: string;
  readonly body: string;
  readonly results: string;
}

export interface Target {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly form: Form;
}

/** Many small calls: each connection sends its next one when the last was answered, until there were enough. */
export interface SmallJob {
  readonly kind: "small";
  readonly target: Target;
  readonly cases: readonly Case[];
  readonly connections: number;
  readonly enough: { readonly calls: number } | { readonly seconds: number };
}

/** One call whose body and right results are files. */
export interface LargeJob {
  readonly kind: "large";
  readonly target: Target;
  readonly path: string;
  readonly body: string;
  readonly results: string;
  /** The body's records come so many times, and so do the results'. Above 1 for csv alone. */
  readonly times: number;
  /** Where the answer is kept for a check elsewhere; null: it is checked here. */
  readonly keep: string | null;
}

export interface Health {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Nothing, for so long. */
export interface IdleJob {
  readonly kind: "idle";
  readonly seconds: number;
}

/** Something that keeps a server busy, or nothing, and beside it small calls (none without cases) and health checks, until it has ended. */
export interface BesideJob {
  readonly kind: "beside";
  readonly busy: LargeJob | SmallJob | IdleJob;
  readonly target: Target;
  readonly cases: readonly Case[];
  readonly health: Health;
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
  readonly busy: Calls;
  readonly calls: Calls;
  readonly health: Calls;
}

export type Result<J extends Job> = J extends BesideJob ? Beside : Calls;
