import type { Kysely, Transaction } from "kysely";

/**
 * The tables as the code sees them (in the database: snake_case). JSON lies in text columns and is validated when it
 * is read; times are ISO 8601 text in UTC, so that they sort; `…Key` columns hold `nameKey` of what they stand for.
 * A column `event` is the number of the event that told of the row: it orders rows made within one millisecond.
 */
export interface Database {
  counters: { name: string; value: number };
  algorithms: {
    project: string;
    key: string;
    name: string;
    title: string;
    titleKey: string;
    description: string;
    category: string;
    runtime: string;
    environment: string;
    notebook: string | null;
    state: string;
    live: string | null;
    problems: string;
    content: string;
    exportedAt: string;
  };
  versions: {
    project: string;
    algorithmKey: string;
    version: string;
    manifest: string;
    problems: string;
    createdAt: string;
    event: number;
  };
  models: {
    project: string;
    algorithmKey: string;
    algorithm: string;
    name: string;
    version: number;
    fittedBy: string;
    run: string;
    signature: string | null;
    folder: string;
    createdAt: string;
    event: number;
  };
  modelAliases: { project: string; algorithmKey: string; name: string; alias: string; version: number };
  datasets: {
    project: string;
    name: string;
    version: number;
    rows: number;
    columns: string | null;
    bytes: number;
    run: string;
    csv: string;
    folder: string;
    createdAt: string;
    event: number;
  };
  runs: {
    project: string;
    id: string;
    algorithm: string | null;
    algorithmKey: string | null;
    version: string | null;
    method: string;
    model: string | null;
    caller: string;
    state: string;
    startedAt: string;
    finishedAt: string | null;
    receipt: string | null;
    error: string | null;
    log: string;
    metrics: string;
    /** Which bridge computes it; null: the only one that the store has, or any of them, in parts. */
    bridge: number | null;
    searchId: string | null;
    search: string | null;
  };
  /** Runs whose parts are still to come: all that a bridge needs to compute one. */
  openRuns: { run: string; call: string; algorithmKey: string; modelVersion: number | null; notes: string; seenAt: string };
  runParts: { run: string; part: number; outcome: string };
  events: { number: number; project: string; kind: string; subject: string; at: string; data: string };
}

/** The largest number that a column of versions holds on every engine. */
export const LARGEST_VERSION = 2 ** 31 - 1;

export type Db = Kysely<Database>;
export type Tx = Transaction<Database>;

/**
 * Two views of one database. What `read` shows is committed, also while a transaction is under way on `write`:
 * a use case may read the store in the midst of its transaction without waiting for itself.
 */
export interface Connections {
  readonly write: Db;
  readonly read: Db;
  /** For transactions that nobody waits for. Absent: no commit holds up the thread. */
  readonly unhurried?: Unhurried;
  /** Where several bridges may share the database. */
  readonly shared?: Shared;
  close(): Promise<void>;
}

/** A connection whose commits do not hold up the thread until the disk has them. */
export interface Unhurried {
  readonly write: Db;
  /**
   * To be done before each transaction, while no other is under way. Throws when `synced` could not be done after it.
   *
   * @param hasMany whether it writes many rows, as others did just now
   */
  ready(hasMany: boolean): void;
  /** Resolves when the disk has all that was committed. */
  synced(): Promise<void>;
}

/** What a shared database does for its bridges beyond keeping tables. */
export interface Shared {
  /** To be done first in each transaction: waits until no other bridge is in one, so that events commit in the order of their numbers. */
  enter(tx: Tx): Promise<void>;
  /** In a transaction that tells events: the other bridges notice when it is committed. */
  announce(tx: Tx): Promise<void>;
  readonly session: Session;
}

/**
 * One connection that stays: what it holds is held while the process lives, and is free when it dies. Lost, it comes back by
 * itself and takes everything again.
 */
export interface Session {
  /** Begins to be among the living, under this number. */
  join(bridge: number): Promise<void>;
  /** The numbers of all bridges whose session holds. @throws StoreAway */
  living(): Promise<Set<number>>;
  /** Takes a name; false when another session has it. Nobody here may have it already. @throws StoreAway */
  take(name: string): Promise<boolean>;
  /** Gives a name back, and lets waiting bridges notice. Never throws: a session that is lost holds nothing. */
  give(name: string): Promise<void>;
  /** Who has the name, in words; undefined: nobody. @throws StoreAway */
  holder(name: string): Promise<string | undefined>;
  /** Calls back when something was committed or given back by any bridge, or when that may have been missed. */
  onNotice(listener: () => void): () => void;
}
