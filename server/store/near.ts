import { distance } from "fastest-levenshtein";
import { nameKey } from "#contract/names.ts";

const MOST = 3;

/** The names that somebody who wrote `wanted` may have meant, nearest first; for NotFound. */
export function nearNames(wanted: string, names: Iterable<string>): string[] {
  const key = nameKey(wanted);
  const farthest = Math.max(2, Math.floor(key.length / 3));
  return Array.from(new Set(names), (name) => {
    const other = nameKey(name);
    // Half a name is a better guess than a word that happens to be as short.
    const isPart = key.length >= 3 && (other.includes(key) || key.includes(other)) && other.length >= 3;
    return { name, far: isPart ? 1 : distance(key, other) };
  })
    .filter(({ name, far }) => far <= farthest && far < nameKey(name).length)
    .sort((a, b) => a.far - b.far || (a.name < b.name ? -1 : 1))
    .slice(0, MOST)
    .map(({ name }) => name);
}
