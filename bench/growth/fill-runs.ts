import { DatabaseSync } from "node:sqlite";

/**
 * Fills the store of a bridge that is not running with copies of its newest run, older than any real one, with their
 * events. Every hundredth copy is of a search of its own: `search-0`, `search-100` and so on.
 *
 * @param count how many runs there are afterwards
 * @throws Error when the store has no run, or cannot be written
 */
export function fillRuns(file: string, count: number): void {
  using database = new DatabaseSync(file);
  // The file is thrown away when the measuring ends: nothing needs to outlive a loss of power.
  database.exec("pragma synchronous = off; pragma cache_size = -200000");
  const numberOf = (sql: string): number => Number(Object.values(database.prepare(sql).get() ?? {})[0] ?? 0);
  const have = numberOf("select count(*) from runs");
  const events = numberOf("select max(number) from events");
  if (have === 0) throw new Error("A store without a run cannot be filled: there is nothing to copy.");
  const columns = database
    .prepare("select name from pragma_table_info('runs')")
    .all()
    .map(({ name }) => String(name));
  const changed: Readonly<Record<string, string>> = {
    id: "printf('%09d-%016d', n, n)",
    search_id: "iif(n % 100 = 0, 'search-' || n, null)",
    search: `iif(n % 100 = 0, json_object('id', 'search-' || n, 'app', null, 'isScheduled', json('false')), null)`,
  };
  const values = columns.map((name) => changed[name] ?? `copied.${name}`).join(", ");
  const numbers = `with recursive numbers(n) as (select ${have} union all select n + 1 from numbers where n < ${count - 1})`;
  database.exec("begin");
  database.exec(
    `${numbers} insert into runs (${columns.join(", ")}) select ${values}
     from numbers, (select * from runs order by id desc limit 1) as copied`,
  );
  for (const [kind, place] of [
    ["run.started", 1],
    ["run.finished", 2],
  ] as const) {
    database.exec(
      `${numbers} insert into events (number, project, kind, subject, at, data)
       select ${events} + (n - ${have}) * 2 + ${place}, copied.project, copied.kind, printf('%09d-%016d', n, n), copied.at, copied.data
       from numbers, (select * from events where kind = '${kind}' order by number desc limit 1) as copied`,
    );
  }
  database.exec("update counters set value = (select max(number) from events) where name = 'events'");
  database.exec("commit");
}
