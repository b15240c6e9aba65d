import type { Rows } from "#contract/call.ts";

/** Counts the bytes of rows as they pass. */
export function counting(rows: Rows): { rows: Rows; bytes(): number } {
  if (Buffer.isBuffer(rows)) return { rows, bytes: () => rows.length };
  let bytes = 0;
  return { rows: count(rows), bytes: () => bytes };

  async function* count(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      yield chunk;
    }
  }
}
