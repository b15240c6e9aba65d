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
  };
  events: { number: number; project: string; kind: string; subject: string; at: string; data: string };
}

export type Db = Kysely<Database>;
export type Tx = Transaction<Database>;

/**
 * Two views of one database. What `read` shows is committed, also while a transaction is under way on `write`:
 * a use case may read the store in the midst of its transaction without waiting for itself.
 */
export interface Connections {
  readonly write: Db;
  readonly read: Db;
  close(): Promise<void>;
}
