/** A backslash that begins no escape of JSON (RFC 8259, section 7). */
export class BadEscape extends Error {
  override readonly name = "BadEscape";
}

const BACKSLASH = 0x5c;
const simpleEscapes = new Map([
  [0x22, 0x22],
  [0x5c, 0x5c],
  [0x2f, 0x2f],
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
]);

/** One JSON escape at `bytes[at]`, a byte or a character; undefined when the chunk ends within it. */
export function readEscape(bytes: Buffer, at: number): { value: number | string; size: number } | undefined {
  const kind = bytes[at + 1];
  if (kind === undefined) return undefined;
  if (kind !== 0x75) {
    const value = simpleEscapes.get(kind);
    if (value === undefined) throw new BadEscape("Invalid \\escape in the text of data");
    return { value, size: 2 };
  }
  const first = hex(bytes, at + 2);
  if (first === undefined) return undefined;
  const isHigh = first >= 0xd800 && first < 0xdc00;
  if (!isHigh) return { value: String.fromCharCode(first).toWellFormed(), size: 6 };
  if (bytes.length < at + 8) {
    // Whether the other half follows shows in the next two bytes.
    const follows = bytes.subarray(at + 6);
    if (follows.length < 2 && (follows.length === 0 || follows[0] === BACKSLASH)) return undefined;
  }
  if (bytes[at + 6] === BACKSLASH && bytes[at + 7] === 0x75) {
    const second = hex(bytes, at + 8);
    if (second === undefined) return undefined;
    if (second >= 0xdc00 && second < 0xe000) return { value: String.fromCharCode(first, second), size: 12 };
  }
  return { value: "\ufffd", size: 6 };
}

function hex(bytes: Buffer, at: number): number | undefined {
  if (bytes.length < at + 4) return undefined;
  const digits = bytes.toString("latin1", at, at + 4);
  if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw new BadEscape("Invalid \\uXXXX escape in the text of data");
  return Number.parseInt(digits, 16);
}
