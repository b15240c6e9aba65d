import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { modelsPython } from "../../bench/places.ts";

const folder = mkdtempSync(join(tmpdir(), "bench-arrow-"));
afterAll(() => rmSync(folder, { recursive: true }));

const write = `
import sys, pandas as pd, pyarrow as pa
rows = pa.Table.from_pandas(pd.read_csv(sys.argv[1], float_precision="round_trip"), preserve_index=False)
with pa.ipc.new_stream(sys.argv[2], rows.schema) as stream:
    stream.write_table(rows, max_chunksize=2)
`;

it("tells an Arrow stream of the right rows from any other", () => {
  const [csv, arrow] = [join(folder, "rows.csv"), join(folder, "rows.arrow")];
  const differs = (text: string) => {
    writeFileSync(csv, text);
    return execFileSync(modelsPython, [join(import.meta.dirname, "../../bench/arrow_same.py"), arrow, csv], { encoding: "utf8" }).trim();
  };
  const rows = "a,b\n1,0.1\n2,0.2\n3,0.3\n";
  writeFileSync(csv, rows);
  execFileSync(modelsPython, ["-c", write, csv, arrow]);
  expect(differs(rows)).toBe("");
  expect(differs("a,b\n1,0.1\n2,0.2\n")).toContain("different");
  expect(differs("a,b\n1,0.1\n2,0.2\n3,0.30000001\n")).toContain("different");
  writeFileSync(arrow, "no stream");
  expect(differs(rows)).not.toBe("");
}, 60_000);
