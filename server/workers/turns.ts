import type { Purpose } from "./slots.ts";

interface Line<T> {
  readonly algorithm: string;
  readonly purpose: Purpose;
  readonly entries: T[];
}

/** Who comes next: within an algorithm who came first, between algorithms each in turn. */
export class Turns<T> {
  /** In the order of their turns: the line that was served goes to the end. */
  #lines: Line<T>[] = [];

  /** @param isFirst before all others of its algorithm */
  add(algorithm: string, purpose: Purpose, entry: T, { isFirst = false } = {}): void {
    const line = this.#lines.find((each) => each.algorithm === algorithm && each.purpose === purpose);
    if (line && isFirst) line.entries.unshift(entry);
    else if (line) line.entries.push(entry);
    else this.#lines.push({ algorithm, purpose, entries: [entry] });
  }

  /**
   * The first entry that `fits`, of the next line that has one; it is taken out. Calls of a new version do not wait
   * behind those of an old one whose workers are all busy.
   */
  next(purpose: Purpose, fits: (entry: T) => boolean): T | undefined {
    for (const [index, line] of this.#lines.entries()) {
      if (line.purpose !== purpose) continue;
      const at = line.entries.findIndex(fits);
      const [found] = at < 0 ? [] : line.entries.splice(at, 1);
      if (found === undefined) continue;
      this.#lines.splice(index, 1);
      if (line.entries.length > 0) this.#lines.push(line);
      return found;
    }
    return undefined;
  }

  /** False when it was not waiting. */
  remove(algorithm: string, purpose: Purpose, entry: T): boolean {
    const line = this.#lines.find((each) => each.algorithm === algorithm && each.purpose === purpose);
    const at = line?.entries.indexOf(entry) ?? -1;
    if (!line || at < 0) return false;
    line.entries.splice(at, 1);
    if (line.entries.length === 0) this.#lines.splice(this.#lines.indexOf(line), 1);
    return true;
  }

  count(algorithm: string): number {
    let count = 0;
    for (const line of this.#lines) if (line.algorithm === algorithm) count += line.entries.length;
    return count;
  }

  counts(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { algorithm, entries } of this.#lines) counts.set(algorithm, (counts.get(algorithm) ?? 0) + entries.length);
    return counts;
  }

  all(): T[] {
    return this.#lines.flatMap((line) => line.entries);
  }

  /** Takes all out. */
  clear(): T[] {
    return this.#lines.splice(0).flatMap((line) => line.entries);
  }
}
