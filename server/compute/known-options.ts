import { type ComputeOptions, readOptions } from "./options.ts";

const MOST = 1000;
/** A longer query is read each time: it holds values that hardly come twice. */
const LONGEST = 2000;

/**
 * Reads the options of a call once for each query: a search sends the same one with every chunk.
 *
 * @throws BadCall as `readOptions` does
 */
export function optionsReader(): (query: Readonly<Record<string, unknown>>) => ComputeOptions {
  const known = new Map<string, ComputeOptions>();
  return (query) => {
    // Of what was parsed, not of the address: where a query begins there is for its parser to say.
    const text = JSON.stringify(query);
    const found = known.get(text);
    if (found) return found;
    const read = readOptions(query);
    if (text.length > LONGEST) return read;
    if (known.size >= MOST) known.clear();
    known.set(text, read);
    return read;
  };
}
