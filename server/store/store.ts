import type { Algorithm, Version } from "#contract/algorithm.ts";
import type { Call } from "#contract/call.ts";
import type { DatasetVersion } from "#contract/dataset.ts";
import type { Event } from "#contract/event.ts";
import type { Manifest } from "#contract/manifest.ts";
import type { ModelVersion } from "#contract/model.ts";
import type { VersionId } from "#contract/names.ts";
import type { OpenRun, PartOutcome } from "#contract/part.ts";
import type { Problem } from "#contract/problem.ts";
import type { LogLine, Run, RunState } from "#contract/run.ts";
import type { Page, PageWanted } from "./page.ts";

/**
 * All that the bridge remembers. Anyone may read; writing is done in a transaction and nowhere else, and every
 * write makes its event there, so that console, log and webhooks cannot disagree with the state.
 */
export interface Store extends AsyncDisposable {
  readonly algorithms: AlgorithmsReader;
  readonly versions: VersionsReader;
  readonly models: ModelsReader;
  readonly datasets: DatasetsReader;
  readonly runs: RunsReader & RunsRecorder;
  readonly parts: PartsReader;
  readonly events: EventsReader;
  readonly bridges: Bridges;
  /** All of `work` or nothing. Durable when it resolves. */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
}

/** One writer a concept. They share a transaction, so what is written together is true together. */
export interface Transaction {
  readonly algorithms: AlgorithmsWriter;
  readonly versions: VersionsWriter;
  readonly models: ModelsWriter;
  readonly datasets: DatasetsWriter;
  readonly runs: RunsWriter;
  readonly parts: PartsWriter;
}

export interface AlgorithmsReader {
  /** By name, ignoring case. */
  find(name: string): Promise<Algorithm | undefined>;
  /** Ignoring case; several: the title is ambiguous. */
  findByTitle(title: string): Promise<Algorithm[]>;
  /** All, by name. */
  list(): Promise<Algorithm[]>;
  /** By name. */
  page(wanted: PageWanted): Promise<Page<Algorithm>>;
}

export interface AlgorithmsWriter {
  /** Inserts, or replaces all but `live`. Event `algorithm.changed`, or `algorithm.failing` / `algorithm.missing` by its state. */
  put(algorithm: Omit<Algorithm, "live">): Promise<void>;
  /** Points `live` to a version that was added. Event `version.live`; none when it pointed there already. */
  setLive(name: string, version: VersionId): Promise<void>;
  /** Removes the algorithm and its versions; its runs stay. Event `algorithm.deleted`. @throws NotFound; Conflict while it has models */
  remove(name: string): Promise<void>;
}

export interface VersionsReader {
  find(algorithm: string, version: string): Promise<{ manifest: Manifest; createdAt: string } | undefined>;
  /** Newest first; of one algorithm, or of all. */
  page(filter: PageWanted & { algorithm?: string | undefined }): Promise<Page<Version>>;
  list(filter: { algorithm?: string | undefined; limit: number }): Promise<Version[]>;
}

export interface VersionsWriter {
  /** Event `version.exported`. The same version again changes nothing and makes no event. */
  add(manifest: Manifest, problems: readonly Problem[]): Promise<void>;
  /** Event `version.deleted`. @throws NotFound; Conflict while it is live */
  remove(algorithm: string, version: string): Promise<void>;
}

export interface ModelsReader {
  /** By alias (`latest` unless said) or number. */
  find(algorithm: string, name: string, version?: string): Promise<ModelVersion | undefined>;
  /** Newest first; only the latest version of each model, unless `name` is given. */
  page(filter: PageWanted & { algorithm?: string | undefined; name?: string | undefined }): Promise<Page<ModelVersion>>;
  list(filter: { algorithm?: string | undefined; name?: string | undefined; limit: number }): Promise<ModelVersion[]>;
}

export interface ModelsWriter {
  /** Adds the next version and moves the alias `latest` to it. Event `model.fitted`. */
  add(
    model: Omit<ModelVersion, "version" | "aliases" | "createdAt" | "folder">,
    folderOf: (version: number) => string,
  ): Promise<ModelVersion>;
  /**
   * Removes one version, or all. `latest` then is the newest that is left. A number is never given again. Event
   * `model.deleted`. Resolves with what is gone.
   *
   * @throws NotFound; Conflict while another alias points to that version
   */
  remove(algorithm: string, name: string, version?: string): Promise<ModelVersion[]>;
}

export interface DatasetsReader {
  /** The newest version, or the one named. */
  find(name: string, version?: number): Promise<DatasetVersion | undefined>;
  /** The newest version of each, newest first. */
  page(wanted: PageWanted): Promise<Page<DatasetVersion>>;
  list(filter: { limit: number }): Promise<DatasetVersion[]>;
}

export interface DatasetsWriter {
  /** Adds the next version. Event `dataset.staged`. */
  add(dataset: Omit<DatasetVersion, "version" | "createdAt" | "folder">, folderOf: (version: number) => string): Promise<DatasetVersion>;
  /** Removes all its versions; their numbers are never given again. Event `dataset.deleted`. @throws NotFound */
  remove(name: string): Promise<void>;
}

export interface RunsReader {
  /** Sees what was recorded a moment ago, too. */
  find(id: string): Promise<Run | undefined>;
  /** Newest first. */
  list(filter: {
    algorithm?: string | undefined;
    state?: RunState | undefined;
    before?: string | undefined;
    /** The id of a search in Splunk. */
    search?: string | undefined;
    limit: number;
  }): Promise<Run[]>;
}

/** What is known of a run when it begins. */
export type RunFacts = Pick<Run, "project" | "id" | "algorithm" | "version" | "method" | "model" | "caller" | "search">;

/** Applies are many: their records are kept in memory and written in batches, at most a second later (design.md). */
export interface RunsRecorder {
  /** A run began. Returns at once. */
  start(run: RunFacts): void;
  /** A line was printed. Kept: the last 200 of a run. */
  log(id: string, line: LogLine): void;
  metric(id: string, metric: Run["metrics"][number]): void;
  /** A run ended. Returns at once; written within a second, or by `flush`. */
  finish(id: string, end: Pick<Run, "state" | "receipt" | "error"> & { version?: VersionId | null }): void;
  /** Resolves when everything so far is durable. */
  flush(): Promise<void>;
}

export interface RunsWriter {
  /** Ends a run in this transaction, for those whose result must be durable with it (stage, fit). Event `run.finished`. */
  finish(id: string, end: Pick<Run, "state" | "receipt" | "error"> & { version?: VersionId | null }): Promise<void>;
}

/** Runs whose rows come in parts. They outlive the bridge that opened them. */
export interface PartsReader {
  /** Undefined when it has ended, or never was. */
  find(run: string): Promise<OpenRun | undefined>;
  /** By number, from the lowest. */
  outcomes(run: string): Promise<{ part: number; outcome: PartOutcome }[]>;
  /** Open runs of which nothing was heard since `before`. */
  idle(before: string): Promise<string[]>;
  /** How many open runs of an algorithm there are, by what they use. */
  using(algorithm: string): Promise<Pick<OpenRun, "run" | "modelVersion">[]>;
}

export interface PartsWriter {
  /** Begins a run. Event `run.started`. */
  open(facts: RunFacts, call: Call, modelVersion: number | null, notes: readonly string[]): Promise<void>;
  /** Keeps a part's outcome in place of an earlier one. @throws NotFound when the run is not open */
  keep(run: string, part: number, outcome: PartOutcome): Promise<void>;
  /** Ends a run; its parts are forgotten. Event `run.finished`. Resolves with the run. @throws NotFound when it is not open */
  close(run: string, end: Pick<Run, "state" | "receipt" | "error" | "log" | "metrics">): Promise<Run>;
}

export interface EventsReader {
  /** Those after `number`, oldest first: how a reader that was away catches up. */
  after(number: number, limit?: number): Promise<Event[]>;
  /** The newest number; 0 when there is none. */
  last(): Promise<number>;
  /** Calls back with each event after it was committed, in order. Returns what ends it. */
  subscribe(listener: (event: Event) => void): () => void;
}

/** The bridges that share the store: what one of them may do, and who is there. With SQLite there is no other. */
export interface Bridges {
  /** This bridge's number, given to no other before or after; null: the store is its alone. */
  readonly own: number | null;
  /** Runs `work` while no other work under this name runs here or on another bridge. @throws StoreAway; what `work` throws */
  exclusively<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** Takes a name until it is given back or this bridge ends; undefined while another bridge has it. Ask once at a time. @throws StoreAway */
  claim(name: string): Promise<Claim | undefined>;
  /** Who has the name, in words. @throws StoreAway */
  holder(name: string): Promise<string | undefined>;
  /** Whether a bridge has ended: at once for one that lives, after a few seconds for others, as it may only have lost its connection. */
  isGone(bridge: number): Promise<boolean>;
  /** Calls back when another bridge has ended, in whatever way. Returns what ends it. */
  onGone(listener: (bridge: number) => void): () => void;
}

export interface Claim {
  give(): Promise<void>;
}
