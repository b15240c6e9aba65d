import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify, stripVTControlCharacters } from "node:util";
import type { Turn } from "../turns/turn.ts";
import type { Taken } from "./taken.ts";

const columns = { "MB/s": "MB/s", "peak MB": "peak RSS (MB)", "getinfo ms": "start to getinfo (ms)" } as const;

/** The search command between a played splunkd and a bridge that computes nothing (splunk.ts). */
export async function takeCommand({ commandRows }: { readonly commandRows: number }): Promise<Taken> {
  const script = join(import.meta.dirname, "../splunk.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [script, "--rows", String(commandRows), "--rounds", "1"]);
  const taken = commandTable(stdout);
  if (Object.keys(taken).length === 0) throw new Error(`splunk.ts printed no table: ${stdout.slice(0, 300)}`);
  return taken;
}

/** Figures by command, out of the table that splunk.ts prints. Its rows are checked there: what is printed was right. */
export function commandTable(text: string): Taken {
  const rows = stripVTControlCharacters(text)
    .split("\n")
    .filter((line) => line.startsWith("│"))
    .map((line) =>
      line
        .slice(1, -1)
        .split("│")
        .map((cell) => cell.trim()),
    );
  const [head = [], ...lines] = rows;
  return Object.fromEntries(lines.map((cells) => [cells[0] ?? "", turnOf(head, cells)]));
}

function turnOf(head: readonly string[], cells: readonly string[]): Turn {
  const figures = Object.entries(columns).map(([name, column]) => [name, Number(cells[head.indexOf(column)]?.replaceAll(",", ""))]);
  return { figures: Object.fromEntries(figures), calls: 1, wrong: 0, firstWrong: null };
}
