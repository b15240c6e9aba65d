import { setImmediate as turn } from "node:timers/promises";
import type { Compilable, CompiledQuery } from "kysely";
import type { Tx } from "./database.ts";

/** A statement has as many rows as one of these, so that there are few texts. Eighteen columns a row stay below every engine's limit of parameters. */
const SIZES = [128, 32, 8, 4, 2, 1] as const;
/** After so long others get the thread, as the embedded engine is synchronous. Turns by rows would let a flood of calls outrun their records. */
const TURN_MS = 4;

/** Inserts rows, in order. */
export type InsertRows<Row> = (tx: Tx, rows: readonly Row[]) => Promise<void>;

/**
 * An insert of many rows whose texts are made once: to build one of many rows takes longer than to run it.
 *
 * @param columns of a row, all of them
 * @param build makes the statement of rows; it may add no values of its own
 */
export function insertRows<Row extends object>(
  columns: readonly (keyof Row & string)[],
  build: (tx: Tx, rows: readonly Row[]) => Compilable<unknown>,
): InsertRows<Row> {
  // By engine, each of which has its own words.
  const known = new WeakMap<object, Map<number, CompiledQuery<unknown>>>();
  return async (tx, rows) => {
    const { adapter } = tx.getExecutor();
    const statements = known.get(adapter) ?? new Map<number, CompiledQuery<unknown>>();
    known.set(adapter, statements);
    let since = performance.now();
    for (let from = 0; from < rows.length; ) {
      const size = SIZES.find((each) => each <= rows.length - from) ?? 1;
      const statement = statements.get(size) ?? compiled(tx, size);
      statements.set(size, statement);
      const parameters = rows.slice(from, from + size).flatMap((row) => columns.map((column) => row[column]));
      await tx.executeQuery({ ...statement, parameters });
      from += size;
      if (performance.now() - since < TURN_MS) continue;
      await turn();
      since = performance.now();
    }
  };

  function compiled(tx: Tx, size: number): CompiledQuery<unknown> {
    const marks = Array.from({ length: size }, (_, at) => Object.fromEntries(columns.map((column) => [column, `${at} ${column}`])));
    const statement = build(tx, marks as Row[]).compile();
    const wanted = marks.flatMap((row) => Object.values(row));
    if (statement.parameters.length !== wanted.length || statement.parameters.some((each, at) => each !== wanted[at]))
      throw new Error(`the values of an insert are not in the order of its columns: ${statement.sql}`);
    return statement;
  }
}
