/** Values by column. */
export type Values = Readonly<Record<string, readonly unknown[]>>;

/** The numbers of a CSV of the benchmark: every column is one of numbers, and nothing is quoted. */
export function numbersOf(csv: string): Readonly<Record<string, readonly number[]>> {
  const [header = "", ...lines] = csv.trimEnd().split("\n");
  const names = header.split(",");
  const columns: number[][] = names.map(() => []);
  for (const line of lines) for (const [at, cell] of line.split(",").entries()) columns[at]?.push(Number(cell));
  return Object.fromEntries(names.map((name, at) => [name, columns[at] ?? []]));
}

/** Whether a table has the columns and numbers of a CSV, in their order. */
export function isSameTable(table: Values, csv: string): boolean {
  const wanted = numbersOf(csv);
  const names = Object.keys(wanted);
  return (
    Object.keys(table).length === names.length &&
    names.every((name) => {
      const [mine, right] = [table[name], wanted[name]];
      return mine !== undefined && mine.length === right?.length && right.every((value, at) => value === mine[at]);
    })
  );
}
