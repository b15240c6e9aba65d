import type { Compilable, CompiledQuery } from "kysely";
import type { Db, Tx } from "./database.ts";

/**
 * A query whose text is made at its first run: to build one takes longer than to run it. For queries of every call.
 *
 * @param build makes the query of marks that stand for the values; each must be a bound value, not a name
 * @returns runs it with the values
 */
export function compiledOnce<Name extends string, Row>(
  db: Db,
  names: readonly Name[],
  build: (marks: Readonly<Record<Name, string>>) => Compilable<Row>,
): (values: Readonly<Record<Name, string>>) => Promise<Row[]> {
  let compiled: ((values: Readonly<Record<Name, Value>>) => CompiledQuery<Row>) | undefined;
  return async (values) => {
    compiled ??= withMarks(names, build(marksOf(names)).compile());
    return (await db.executeQuery<Row>(compiled(values))).rows;
  };
}

/** The same of a statement in transactions, made once for each engine. For those that somebody waits for. */
export function compiledInEach<Name extends string, Row>(
  names: readonly Name[],
  build: (tx: Tx, marks: Readonly<Record<Name, string>>) => Compilable<Row>,
): (tx: Tx, values: Readonly<Record<Name, Value>>) => Promise<Row[]> {
  const known = new WeakMap<object, (values: Readonly<Record<Name, Value>>) => CompiledQuery<Row>>();
  return async (tx, values) => {
    const { adapter } = tx.getExecutor();
    const compiled = known.get(adapter) ?? withMarks(names, build(tx, marksOf(names)).compile());
    known.set(adapter, compiled);
    return (await tx.executeQuery<Row>(compiled(values))).rows;
  };
}

/** What a query binds in place of a mark. */
type Value = string | number | null;

/** @throws Error when a mark stands for nothing that is bound */
function withMarks<Name extends string, Row>(names: readonly Name[], compiled: CompiledQuery<Row>) {
  const nameOf = new Map<unknown, Name>(names.map((name) => [markOf(name), name]));
  for (const name of names)
    if (!compiled.parameters.includes(markOf(name))) throw new Error(`${name} is no bound value of: ${compiled.sql}`);
  return (values: Readonly<Record<Name, Value>>): CompiledQuery<Row> => {
    const parameters = compiled.parameters.map((each) => {
      const name = nameOf.get(each);
      return name === undefined ? each : values[name];
    });
    return { ...compiled, parameters };
  };
}

function markOf(name: string): string {
  return `\0${name}`;
}

function marksOf<Name extends string>(names: readonly Name[]): Readonly<Record<Name, string>> {
  const marks: Partial<Record<Name, string>> = {};
  for (const name of names) marks[name] = markOf(name);
  return marks as Record<Name, string>;
}
