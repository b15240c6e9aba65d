/** Which part of a list is wanted. */
export interface PageWanted {
  /** How many at most, from 1. */
  readonly limit: number;
  /** `next` of the page before; undefined: from the beginning. */
  readonly cursor?: string | undefined;
}

/** A part of a list, in the list's order. */
export interface Page<T> {
  readonly items: T[];
  /** Where the next page begins; null: this is the last. */
  readonly next: string | null;
}

/**
 * The page of rows of which one more was asked for than the page may hold.
 *
 * @param cursorOf where the page after this row begins: it must not change when other rows come or go
 */
export function pageOf<Row, T>(
  rows: readonly Row[],
  limit: number,
  { cursorOf, toItem }: { cursorOf: (row: Row) => string; toItem: (row: Row) => T },
): Page<T> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown.map(toItem), next: last !== undefined && rows.length > limit ? cursorOf(last) : null };
}
