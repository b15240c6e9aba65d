import { type ComputeOptions, readOptions } from "./options.ts";

const MOST = 1000;
/** A longer query is read each time: it holds values that hardly come twice. */
const LONGEST = 2000;

/**
 * Reads the options of a call once for each text of its query: a search sends the same one with every chunk.
 *
 * @throws BadCall as `readOptions` does
 */
export function optionsReader(): (url: string, query: Readonly<Record<string, unknown>>) => ComputeOptions {
  const known = new Map<string, ComputeOptions>();
  return (url, query) => {
    const text = url.slice(url.indexOf("?"));
    const found = known.get(text);
    if (found) return found;
    const read = readOptions(query);
    if (text.length > LONGEST) return read;
    if (known.size >= MOST) known.clear();
    known.set(text, read);
    return read;
  };
}
