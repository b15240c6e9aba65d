import type { Rows } from "#contract/call.ts";

/** Counts the bytes of rows as they pass. */
export function counting(rows: Rows): { rows: Rows; bytes(): number } {
  if (Buffer.isBuffer(rows)) return { rows, bytes: () => rows.length };
  let bytes = 0;
  return { rows: count(rows), bytes: () => bytes };

  async function* count(chunks: Exclude<Rows, Buffer>): Exclude<Rows, Buffer> {
    for await (const chunk of chunks) {
      if (Buffer.isBuffer(chunk)) bytes += chunk.length;
      yield chunk;
    }
  }
}
