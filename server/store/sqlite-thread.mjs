// The thread of sqlite-apart.ts: runs statements in the order in which they come, and answers each.
// Plain JavaScript: a thread that strips types takes 12 MB more.
import { getPriority, setPriority } from "node:os";
import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";

const KEPT_STATEMENTS = 500;
/** As that of workers: who waits for an answer goes first. */
const NICE = 5;

// On Linux it is this thread's own, elsewhere it would be the whole process's. Never up, which few may.
if (process.platform === "linux" && getPriority(0) < NICE) setPriority(0, NICE);
const database = new DatabaseSync(workerData.file, { timeout: workerData.busyMs });
database.exec("pragma synchronous = full; pragma foreign_keys = on; pragma cache_size = -500");
/** @type {Map<string, { isReader: boolean, statement: import("node:sqlite").StatementSync }>} */
const prepared = new Map();
/** @type {unknown} Why the transaction cannot be committed. What follows was sent before that was known, and is refused, too. */
let failure;

parentPort?.on("message", (/** @type {{ sql: string, parameters: import("node:sqlite").SQLInputValue[] }} */ { sql, parameters }) => {
  try {
    if (sql === "rollback") rollback();
    else if (failure !== undefined) throw failure;
    else return parentPort?.postMessage({ rows: run(sql, parameters) });
    parentPort?.postMessage({ rows: [] });
  } catch (error) {
    failure = error;
    // An error that is copied as it is loses what it has besides its text.
    const { message, code, errcode } = /** @type {Error & { code?: string, errcode?: number }} */ (error);
    parentPort?.postMessage({ error: { message, code, errcode } });
  }
});

function rollback() {
  failure = undefined;
  if (database.isTransaction) database.exec("rollback");
}

/** @param {string} sql @param {import("node:sqlite").SQLInputValue[]} parameters */
function run(sql, parameters) {
  const { isReader, statement } = prepared.get(sql) ?? prepare(sql);
  if (isReader) return statement.all(...parameters);
  statement.run(...parameters);
  return [];
}

/** @param {string} sql */
function prepare(sql) {
  const statement = database.prepare(sql);
  const made = { isReader: statement.columns().length > 0, statement };
  if (prepared.size >= KEPT_STATEMENTS) prepared.clear();
  prepared.set(sql, made);
  return made;
}
