/** A backslash that begins no escape of JSON (RFC 8259, section 7). */
export class BadEscape extends Error {
  override readonly name = "BadEscape";
}

const BACKSLASH = 0x5c;
/** By the letter of an escape the byte that it stands for; 0 for none. */
const simpleEscapes = new Uint8Array(256);
for (const [letter, meant] of Object.entries({ '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" }))
  simpleEscapes[letter.charCodeAt(0)] = meant.charCodeAt(0);

/** The byte that an escape of two characters stands for, by its second; undefined for any other. */
export function simpleEscape(letter: number | undefined): number | undefined {
  return (letter !== undefined && simpleEscapes[letter]) || undefined;
}

/** The `\uXXXX` at `bytes[at]`, both halves of a pair; undefined when the chunk ends within it. @throws BadEscape for any other */
export function readEscape(bytes: Buffer, at: number): { value: string; size: number } | undefined {
  const kind = bytes[at + 1];
  if (kind === undefined) return undefined;
  if (kind !== 0x75) throw new BadEscape("Invalid \\escape in the text of data");
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

/** Strings of this length are made and dropped cheaply. */
const PIECE_BYTES = 2 ** 16;

/** The inside of the JSON string that holds this text (UTF-8), in pieces. It is not decoded: JSON escapes ASCII alone. */
export function* escapedPieces(text: Buffer): Generator<Buffer> {
  for (let at = 0; at < text.length; at += PIECE_BYTES) {
    const json = JSON.stringify(text.toString("latin1", at, at + PIECE_BYTES));
    yield Buffer.from(json, "latin1").subarray(1, -1);
  }
}
