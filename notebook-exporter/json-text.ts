/** What a file's bytes are, or why they are no JSON. */
export type Parsed = { readonly notebook: unknown } | { readonly why: string };

const constants = /^-?(?:NaN|Infinity)(?![\w$])/;

/** JSON in UTF-8, with a byte order mark or without, and with the constants that Python's json writes (NaN and the infinities), as null. */
export function parseHere(bytes: Uint8Array): Parsed {
  try {
    const text = textOf(bytes);
    try {
      return { notebook: JSON.parse(text) };
    } catch (error) {
      const standard = withoutConstants(text);
      if (standard === text) throw error;
      return { notebook: JSON.parse(standard) };
    }
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) };
  }
}

function textOf(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) throw new Error("it is UTF-16, and only UTF-8 is read");
  try {
    // The decoder drops a byte order mark, which JSON.parse would refuse.
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw error instanceof TypeError ? new Error("it is not UTF-8") : error;
  }
}

/** Texts in quotes stay as they are. */
function withoutConstants(text: string): string {
  if (!text.includes("NaN") && !text.includes("Infinity")) return text;
  const parts: string[] = [];
  const next = /["NI-]/g;
  let kept = 0;
  for (let found = next.exec(text); found !== null; found = next.exec(text)) {
    const at = found.index;
    if (found[0] === '"') {
      next.lastIndex = endOfText(text, at);
      continue;
    }
    const [constant] = constants.exec(text.slice(at, at + 10)) ?? [];
    if (constant === undefined) continue;
    parts.push(text.slice(kept, at), "null");
    kept = at + constant.length;
    next.lastIndex = kept;
  }
  return parts.length === 0 ? text : parts.join("") + text.slice(kept);
}

/** Where a text in quotes that begins at `at` has ended. */
function endOfText(text: string, at: number): number {
  for (let end = text.indexOf('"', at + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text[end - 1 - slashes] === "\\") slashes++;
    if (slashes % 2 === 0) return end + 1;
  }
  return text.length;
}
