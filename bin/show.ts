import Table from "cli-table3";
import { escaped, escapedLine } from "./escapes.ts";

type Cell = string | number | null | undefined;

const none = Object.fromEntries(
  [
    ...["top", "top-mid", "top-left", "top-right", "bottom", "bottom-mid", "bottom-left", "bottom-right"],
    ...["left", "left-mid", "mid", "mid-mid", "right", "right-mid", "middle"],
  ].map((each) => [each, ""]),
);

/** Rows under headings, without lines; `nothing` when there are none. */
export function table(headings: readonly string[], rows: readonly (readonly Cell[])[], nothing: string): string {
  if (rows.length === 0) return nothing;
  const style = { head: [], border: [], "padding-left": 0, "padding-right": 2, compact: true };
  const made = new Table({ head: headings.map((each) => each.toUpperCase()), chars: none, style });
  for (const row of rows) made.push(row.map((each) => escapedLine(shown(each))));
  return trimmed(made.toString());
}

/** `name  value` lines, without those that have no value. */
export function facts(values: Readonly<Record<string, Cell>>): string {
  const style = { head: [], border: [], "padding-left": 0, "padding-right": 2, compact: true };
  const made = new Table({ chars: none, style });
  for (const [name, value] of Object.entries(values))
    if (value !== null && value !== undefined && value !== "") made.push([name, escaped(shown(value))]);
  return trimmed(made.toString());
}

/** A point in time as this machine's clocks show it: `2026-11-21 08:15:00`. */
export function time(iso: string): string {
  return new Date(iso).toLocaleString("sv");
}

/** `3 rows`, `1 row`. */
export function count(number: number, noun: string): string {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

function shown(value: Cell): string {
  return value === null || value === undefined ? "" : String(value);
}

function trimmed(text: string): string {
  return text
    .split("\n")
    .map((each) => each.trimEnd())
    .join("\n");
}
