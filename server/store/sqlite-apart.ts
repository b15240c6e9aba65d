import { Worker } from "node:worker_threads";
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";

const LIMITS = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 };

type Answer =
  | { readonly rows: unknown[] }
  | { readonly error: { readonly message: string; readonly code?: string; readonly errcode?: number } };

/** A connection to a SQLite database on a thread of its own: what it waits for, the disk most of all, nobody else does. */
export class SqliteApart {
  readonly #thread: Worker;
  readonly #waiting: PromiseWithResolvers<Answer>[] = [];
  #failure: Error | undefined;
  #isInTransaction = false;

  constructor(file: string, busyMs: number) {
    this.#thread = new Worker(new URL("sqlite-thread.mjs", import.meta.url), { workerData: { file, busyMs }, resourceLimits: LIMITS });
    this.#thread.unref();
    this.#thread.on("message", (answer: Answer) => {
      this.#waiting.shift()?.resolve(answer);
      if (this.#waiting.length === 0) this.#thread.unref();
    });
    this.#thread.on("error", (error) => {
      this.#failure = error instanceof Error ? error : new Error(String(error));
    });
    this.#thread.once("exit", () => {
      this.#failure ??= new Error("the thread that writes to the store ended");
      for (const each of this.#waiting.splice(0)) each.reject(this.#failure);
    });
  }

  /** Whether it can be used no more. */
  get isEnded(): boolean {
    return this.#failure !== undefined;
  }

  /** Whether a transaction is under way. */
  get isBusy(): boolean {
    return this.#isInTransaction || this.#waiting.length > 0;
  }

  /** For Kysely. One transaction at a time. What gives no rows is not waited for: should it fail, its transaction's commit tells. Nobody hears how many rows it changed. */
  get dialect(): Dialect {
    const connection: DatabaseConnection = {
      executeQuery: async <Row>(query: CompiledQuery) => {
        const answer = this.#ask<Row>(query);
        if (givesRows(query)) return await answer;
        answer.catch(() => {});
        return { rows: [] };
      },
      // biome-ignore lint/correctness/useYield: what is read in pieces is read elsewhere
      async *streamQuery() {
        throw new Error("this connection gives no rows in pieces");
      },
    };
    const driver: Driver = {
      async init() {},
      acquireConnection: async () => connection,
      beginTransaction: async () => {
        this.#isInTransaction = true;
        this.#ask(CompiledQuery.raw("begin immediate")).catch(() => {});
      },
      commitTransaction: () => this.#end("commit"),
      rollbackTransaction: () => this.#end("rollback"),
      async releaseConnection() {},
      destroy: () => this.close(),
    };
    return {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => driver,
      createQueryCompiler: () => new SqliteQueryCompiler(),
      createIntrospector: (db) => new SqliteIntrospector(db),
    };
  }

  async close(): Promise<void> {
    await this.#thread.terminate();
  }

  async #end(how: "commit" | "rollback"): Promise<void> {
    await this.#ask(CompiledQuery.raw(how)).finally(() => {
      this.#isInTransaction = false;
    });
  }

  async #ask<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    if (this.#failure) throw this.#failure;
    const answered = Promise.withResolvers<Answer>();
    this.#thread.postMessage({ sql, parameters }); // it may throw: nobody must then wait for an answer
    this.#waiting.push(answered);
    this.#thread.ref();
    const answer = await answered.promise;
    if ("error" in answer) throw Object.assign(new Error(answer.error.message), answer.error);
    return { rows: answer.rows as Row[] };
  }
}

function givesRows({ query }: CompiledQuery): boolean {
  if (query.kind === "InsertQueryNode" || query.kind === "UpdateQueryNode" || query.kind === "DeleteQueryNode")
    return query.returning !== undefined;
  return true;
}
