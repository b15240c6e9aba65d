import type { Compilable, CompiledQuery } from "kysely";
import type { Db } from "./database.ts";

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
  const nameOf = new Map(names.map((name) => [`\0${name}`, name]));
  let compiled: CompiledQuery<Row> | undefined;
  return async (values) => {
    compiled ??= build(marksOf(names)).compile();
    const parameters = compiled.parameters.map((each) => {
      const name = typeof each === "string" ? nameOf.get(each) : undefined;
      return name === undefined ? each : values[name];
    });
    return (await db.executeQuery<Row>({ ...compiled, parameters })).rows;
  };
}

function marksOf<Name extends string>(names: readonly Name[]): Readonly<Record<Name, string>> {
  const marks: Partial<Record<Name, string>> = {};
  for (const name of names) marks[name] = `\0${name}`;
  return marks as Record<Name, string>;
}
