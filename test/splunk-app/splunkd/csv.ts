/** A cell: text, or several values. */
export type Value = string | readonly string[];
export type Row = Readonly<Record<string, Value>>;
/** Rows of one chunk. Columns are said where there may be no rows; a Buffer is sent as it is. */
export type Chunk = readonly Row[] | { readonly columns: readonly string[]; readonly rows: readonly Row[] } | Buffer;

/**
 * A chunk as splunkd writes it: UTF-8, `\n`, a token is quoted unless it is purely alphanumeric, all fields first and then
 * `__mv_<field>` for each: `$v1$;$v2$` with `$` doubled where there are several values, else empty.
 */
export function chunkCsv(chunk: Chunk): Buffer {
  if (Buffer.isBuffer(chunk)) return chunk;
  const { columns, rows } = "columns" in chunk ? chunk : { columns: columnsOf(chunk), rows: chunk };
  if (columns.length === 0) return Buffer.alloc(0);
  const header = [...columns, ...columns.map((each) => `__mv_${each}`)];
  const lines = rows.map((row) => {
    const values = columns.map((each) => row[each] ?? "");
    return [...values.map(baseCell), ...values.map(multivalueCell)];
  });
  return Buffer.from([header, ...lines].map((cells) => `${cells.map(token).join(",")}\n`).join(""));
}

/** The header alone: what splunkd sends as the last chunk of a streaming command. */
export function headerOf(chunk: Buffer): Buffer {
  let inQuotes = false;
  for (let at = 0; at < chunk.length; at++) {
    if (chunk[at] === 0x22) inQuotes = !inQuotes;
    if (chunk[at] === 0x0a && !inQuotes) return chunk.subarray(0, at + 1);
  }
  return chunk;
}

/** What a reply's body holds, `__mv_*` put back into its field. A body of no bytes has no columns. */
export function readBody(body: Buffer): { columns: string[]; rows: Record<string, Value>[] } {
  const [header = [], ...records] = recordsOf(body.toString("utf8"));
  const columns = header.filter((each) => !each.startsWith("__mv_"));
  const rows = records.map((cells) => {
    if (cells.length !== header.length) throw new Error(`a record of ${cells.length} cells under a header of ${header.length}`);
    const cellOf = new Map(header.map((name, at) => [name, cells[at] ?? ""]));
    return Object.fromEntries(columns.map((each) => [each, cellValue(cellOf.get(each) ?? "", cellOf.get(`__mv_${each}`) ?? "")]));
  });
  return { columns, rows };
}

function columnsOf(rows: readonly Row[]): string[] {
  return [...new Set(rows.flatMap((row) => Object.keys(row)))];
}

const baseCell = (value: Value) => (typeof value === "string" ? value : value.join("\n"));
const multivalueCell = (value: Value) =>
  typeof value === "string" || value.length < 2 ? "" : value.map((each) => `$${each.replaceAll("$", "$$$$")}$`).join(";");
const token = (text: string) => (/^[A-Za-z0-9]*$/.test(text) ? text : `"${text.replaceAll('"', '""')}"`);

function cellValue(base: string, multivalue: string): Value {
  if (multivalue === "") return base;
  return [...multivalue.matchAll(/\$((?:[^$]|\$\$)*)\$(?:;|$)/g)].map(([, value = ""]) => value.replaceAll("$$", "$"));
}

/** Records of CSV: RFC 4180, with `\n` or `\r\n`. */
export function recordsOf(text: string): string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/gy;
  while (cell.lastIndex < text.length) {
    const at = cell.lastIndex;
    const found = cell.exec(text);
    if (found === null) throw new Error(`no CSV at character ${at}: ${JSON.stringify(text.slice(at, at + 80))}`);
    const [, quoted, plain = "", end] = found;
    record.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === ",") {
      if (cell.lastIndex === text.length) record.push("");
      else continue;
    }
    records.push(record);
    record = [];
  }
  return records;
}
