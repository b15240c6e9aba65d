/** One figure of each point. Columns of one panel share its axis in the picture. */
export interface Column {
  readonly key: string;
  readonly title: string;
  /** What the panel's axis says; null: in the table alone. */
  readonly panel: string | null;
}

/** A point: where it is on the x axis, and its figures by their column's key. */
export interface Point {
  readonly x: number;
  readonly values: Readonly<Record<string, number>>;
}

/** How the bridge's figures change while one thing grows. */
export interface Curve {
  /** Also the picture's name. */
  readonly id: string;
  readonly title: string;
  readonly xTitle: string;
  readonly columns: readonly Column[];
  readonly points: readonly Point[];
  /** What must be known to read it. */
  readonly notes: readonly string[];
}

/** The smallest value that at least this part of all values does not exceed. @throws Error for none */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const found = sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * part) - 1)];
  if (found === undefined) throw new Error("There is no quantile of no values.");
  return found;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}
