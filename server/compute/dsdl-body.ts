import { BadEscape, readEscape } from "./json-escape.ts";
import { rawMembers } from "./json-members.ts";
import { parsePythonJson } from "./python-json.ts";
import type { Spool } from "./spool.ts";

/** What is wrong with a body of the old endpoints; its message stands where DSDL puts `str(e)`. */
export class BadBody extends Error {
  override readonly name = "BadBody";
}

/** The JSON of `{"data": CSV, "meta": {...}}` less the rows, which went to the spool. */
export interface DsdlBody {
  /** Whether `data` was a text; if not, its JSON (`null`, a number …). */
  readonly data: { readonly isText: true } | { readonly isText: false; readonly json: string };
  /** `meta` exactly as it was written: numbers keep their spelling. */
  readonly meta: string;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const DATA = Buffer.from('"data"');
/**
 * Reads a body of the old endpoints without parsing the table as JSON: the text of the top-level key `data` is
 * unescaped in place, chunk by chunk, into the spool, and all else (`skeleton`, with an empty text there) is parsed.
 *
 * @throws BadBody for what is no JSON object with both keys; what the chunks throw.
 */
export async function readDsdlBody(chunks: AsyncIterable<Buffer>, spool: Spool): Promise<DsdlBody> {
  const scanner = new Scanner(spool);
  for await (const chunk of chunks) {
    scanner.push(chunk);
    await spool.drained();
  }
  return scanner.finish();
}

/** A JSON scanner that knows strings and depth; `JSON.parse` of the skeleton is the judge of everything else. */
class Scanner {
  readonly #spool: Spool;
  #skeleton: Buffer[] = [];
  #depth = 0;
  #inString = false;
  #inData = false;
  #escaped = false;
  /** The last string at depth 1, to know which key a value follows. */
  #key: number[] | undefined;
  #lastKey: Buffer = Buffer.alloc(0);
  #afterColon = false;
  /** An escape of the data that the chunk's end cut. */
  #cut: Buffer = Buffer.alloc(0);

  constructor(spool: Spool) {
    this.#spool = spool;
  }

  push(chunk: Buffer): void {
    let bytes = chunk;
    while (bytes.length > 0) bytes = this.#inData ? this.#readData(bytes) : this.#readSkeleton(bytes);
  }

  finish(): DsdlBody {
    if (this.#inData) throw new BadBody("Unterminated string starting at: data");
    const text = Buffer.concat(this.#skeleton).toString("utf8");
    const body = parseObject(text);
    if (!Object.hasOwn(body, "data")) throw new BadBody("'data'");
    if (!Object.hasOwn(body, "meta")) throw new BadBody("'meta'");
    const members = rawMembers(text);
    const data = members.get("data") ?? "null";
    return { data: data.startsWith('"') ? { isText: true } : { isText: false, json: data }, meta: members.get("meta") ?? "null" };
  }

  /** Bytes outside of the table; returns the rest once its text begins. */
  #readSkeleton(bytes: Buffer): Buffer {
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i] as number;
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === BACKSLASH) this.#escaped = true;
        else if (byte === QUOTE) {
          this.#inString = false;
          if (this.#key) this.#lastKey = Buffer.from([QUOTE, ...this.#key, QUOTE]);
          this.#key = undefined;
          continue;
        }
        // Longer keys cannot be `data`, whatever escapes they are written with.
        if (this.#key && this.#key.length < 32) this.#key.push(byte);
        continue;
      }
      switch (byte) {
        case QUOTE:
          if (this.#depth === 1 && this.#afterColon && this.#isDataKey()) {
            this.#inData = true;
            this.#spool.reset(); // a second `data` wins over the first, as in Python
            this.#skeleton.push(bytes.subarray(0, i + 1));
            return bytes.subarray(i + 1);
          }
          this.#inString = true;
          this.#key = this.#depth === 1 && !this.#afterColon ? [] : undefined;
          break;
        case 0x7b: // {
        case 0x5b: // [
          this.#depth++;
          break;
        case 0x7d: // }
        case 0x5d: // ]
          this.#depth--;
          break;
        case 0x3a: // :
          if (this.#depth === 1) this.#afterColon = true;
          break;
        case 0x2c: // ,
          if (this.#depth === 1) this.#afterColon = false;
          break;
      }
    }
    this.#skeleton.push(bytes);
    return bytes.subarray(bytes.length);
  }

  #isDataKey(): boolean {
    return this.#lastKey.equals(DATA) || (this.#lastKey.includes(BACKSLASH) && parsedKey(this.#lastKey) === "data");
  }

  /** Bytes of the table's text; returns the rest from its closing quote on. */
  #readData(chunk: Buffer): Buffer {
    const bytes = this.#cut.length > 0 ? Buffer.concat([this.#cut, chunk]) : chunk;
    this.#cut = Buffer.alloc(0);
    // A new buffer: the chunk is the socket's. Unescaping never makes text longer.
    const out = Buffer.allocUnsafe(bytes.length);
    let length = 0;
    let i = 0;
    for (; i < bytes.length; i++) {
      const byte = bytes[i] as number;
      if (byte === QUOTE) {
        this.#inData = false;
        this.#inString = true; // the closing quote belongs to the skeleton
        this.#spool.write(out.subarray(0, length));
        return bytes.subarray(i);
      }
      if (byte < 0x20) throw new BadBody("Invalid control character in the text of data");
      if (byte !== BACKSLASH) {
        out[length++] = byte;
        continue;
      }
      const escaped = escapeAt(bytes, i);
      if (!escaped) {
        this.#cut = Buffer.from(bytes.subarray(i));
        break;
      }
      if (typeof escaped.value === "number") out[length++] = escaped.value;
      else length += out.write(escaped.value, length, "utf8");
      i += escaped.size - 1;
    }
    this.#spool.write(out.subarray(0, length));
    return chunk.subarray(chunk.length);
  }
}

function parsedKey(quoted: Buffer): unknown {
  try {
    return JSON.parse(quoted.toString("utf8"));
  } catch {
    return undefined;
  }
}

function parseObject(text: string): object {
  let value: unknown;
  try {
    value = parsePythonJson(text);
  } catch (error) {
    throw new BadBody(text.trim() === "" ? "Expecting value: line 1 column 1 (char 0)" : (error as Error).message);
  }
  if (Array.isArray(value)) throw new BadBody("list indices must be integers or slices, not str");
  if (value === null || typeof value !== "object") throw new BadBody("the JSON is no object");
  return value;
}

function escapeAt(bytes: Buffer, at: number) {
  try {
    return readEscape(bytes, at);
  } catch (error) {
    if (error instanceof BadEscape) throw new BadBody(error.message);
    throw error;
  }
}
