/** A string, or one of the words beyond JSON that Python's `json` writes and reads, where a value may stand. */
const STRING_OR_WORD = /"[^"\\]*(?:\\.[^"\\]*)*"|(?<![\w.+-])(?:NaN|-?Infinity)(?![\w.])/gs;

/**
 * Parses JSON as Python's `json` does, whose clients write NaN and Infinity as words. NaN becomes Infinity here: callers look
 * at kinds of values, and pass the text on for numbers themselves.
 *
 * @throws SyntaxError
 */
export function parsePythonJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const replaced = text.replace(STRING_OR_WORD, (found) => (found.startsWith('"') ? found : found.startsWith("-") ? "-1e999" : "1e999"));
    if (replaced === text) throw error;
    return JSON.parse(replaced);
  }
}
