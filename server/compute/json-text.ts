import { isAscii } from "node:buffer";
import { readEscape, simpleEscape } from "./json-escape.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Shorter chunks are not worth the call of the engine's own reader, whose refusals (the text's end, for one) cost an exception. */
const MANY_BYTES = 4096;
const NONE = Buffer.alloc(0);

/** A byte that may not stand in a JSON text. */
export class BadCharacter extends Error {
  override readonly name = "BadCharacter";
}

/** Unescapes the inside of one JSON string, however its bytes are cut into chunks. */
export class JsonText {
  /** An escape that the last chunk's end cut. */
  #cut: Buffer = NONE;

  /**
   * @returns the text's bytes, UTF-8, in a buffer of their own; and what follows in the chunk from the closing quote on,
   * undefined as long as that has not come
   * @throws BadEscape, BadCharacter
   */
  read(chunk: Buffer): { text: Buffer; rest: Buffer | undefined } {
    const bytes = this.#cut.length > 0 ? Buffer.concat([this.#cut, chunk]) : chunk;
    this.#cut = NONE;
    const whole = bytes.length < MANY_BYTES ? undefined : byEngine(bytes);
    return whole === undefined ? this.#byByte(bytes) : { text: whole, rest: undefined };
  }

  #byByte(bytes: Buffer): { text: Buffer; rest: Buffer | undefined } {
    // Unescaping never makes text longer.
    const text = Buffer.allocUnsafe(bytes.length);
    let length = 0;
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i] as number;
      if (byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH) {
        text[length++] = byte;
        continue;
      }
      if (byte === QUOTE) return { text: text.subarray(0, length), rest: bytes.subarray(i) };
      if (byte < 0x20) throw new BadCharacter("Invalid control character in the text of data");
      const simple = simpleEscape(bytes[i + 1]);
      if (simple !== undefined) {
        text[length++] = simple;
        i++;
        continue;
      }
      const escaped = readEscape(bytes, i);
      if (!escaped) {
        this.#cut = Buffer.from(bytes.subarray(i));
        break;
      }
      length += text.write(escaped.value, length, "utf8");
      i += escaped.size - 1;
    }
    return { text: text.subarray(0, length), rest: undefined };
  }
}

/**
 * What `JSON.parse` makes of these bytes between two quotes, in half the time of a loop; undefined where the loop must look:
 * the text or an escape ends here, or is wrong, or its bytes are not what characters are.
 *
 * As Latin-1 every byte is a character and goes through as it is, which `\uXXXX` would not. ASCII alone may hold those.
 */
function byEngine(bytes: Buffer): Buffer | undefined {
  const isEscapedFurther = bytes.includes(0x75) && bytes.includes("\\u");
  if (isEscapedFurther && !isAscii(bytes)) return undefined;
  const text = parsed(bytes.toString("latin1"));
  if (text === undefined) return undefined;
  if (!isEscapedFurther) return Buffer.from(text, "latin1");
  // Its other half may be in the next chunk.
  return isHighSurrogate(text.charCodeAt(text.length - 1)) ? undefined : Buffer.from(text, "utf8");
}

function parsed(inside: string): string | undefined {
  try {
    const text: unknown = JSON.parse(`"${inside}"`);
    return typeof text === "string" ? text : undefined;
  } catch {
    return undefined;
  }
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}
