/** Columns of the rows. */
export const columns = ["_time", "host", "bytes", "duration", "user", "status"] as const;

/** Chunks as splunkd sends them, made once: `rows` rows in all, 70 bytes each or so. */
export function chunksOf(rows: number, perChunk: number): Buffer[] {
  const header = `${columns.map((each) => (each.startsWith("_") ? `"${each}"` : each)).join(",")}\n`;
  return Array.from({ length: Math.ceil(rows / perChunk) }, (_, chunk) => {
    const lines = Array.from({ length: Math.min(perChunk, rows - chunk * perChunk) }, (_, at) => line(chunk * perChunk + at));
    return Buffer.from(header + lines.join(""));
  });
}

/** No two of them near each other are equal, and none has a line end within quotes. */
function line(at: number): string {
  const seconds = 1_767_222_000 + at;
  return `"${seconds}.${String(at % 1000).padStart(3, "0")}","web-${at % 97}.example",${(at * 7919) % 1_000_003},"${(at % 9973) / 100}","user ${at % 331}",200\n`;
}
