/** What could move the cursor, hide text or turn its direction round: C0, C1, bidi controls, Unicode's own line ends, half a pair. */
const risky = /[\p{Cc}\p{Bidi_Control}\p{Cs}\u2028\u2029]/gu;
const short: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** Text of several lines for people: line ends and tabs stay, other controls are written as `\u001b`. */
export function escaped(text: string): string {
  return text.replaceAll("\r\n", "\n").replaceAll(risky, (char) => (char === "\n" || char === "\t" ? char : codeOf(char)));
}

/** The same on one line, for the cell of a table: `\n`. */
export function escapedLine(text: string): string {
  return text.replaceAll(risky, (char) => short[char] ?? codeOf(char));
}

/** JSON that means the same and cannot act on a terminal. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, null, 2).replaceAll(risky, (char) => (char === "\n" ? char : codeOf(char)));
}

function codeOf(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
