import { BadEscape } from "./json-escape.ts";
import { rawMembers } from "./json-members.ts";
import { BadCharacter, JsonText } from "./json-text.ts";
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
 * unescaped, chunk by chunk, into the spool, and all else (`skeleton`, with an empty text there) is parsed.
 *
 * @throws BadBody for what is no JSON object with both keys; what the chunks throw.
 */
export async function readDsdlBody(chunks: AsyncIterable<Buffer>, spool: Spool): Promise<DsdlBody> {
  const scanner = new DsdlScanner(spool);
  for await (const chunk of chunks) {
    scanner.push(chunk);
    await spool.drained();
  }
  return scanner.finish();
}

/** Where the text of `data` goes. */
export interface TextSink {
  write(bytes: Buffer): void;
  /** Another `data` begins, and the first is to be forgotten. */
  reset(): void;
}

/** A JSON scanner that knows strings and depth; `JSON.parse` of the skeleton is the judge of everything else. */
export class DsdlScanner {
  readonly #sink: TextSink;
  #skeleton: Buffer[] = [];
  #depth = 0;
  #inString = false;
  #inData = false;
  #escaped = false;
  /** The last string at depth 1, to know which key a value follows. */
  #key: number[] | undefined;
  #lastKey: Buffer = Buffer.alloc(0);
  #afterColon = false;
  #text = new JsonText();

  constructor(sink: TextSink) {
    this.#sink = sink;
  }

  /** @throws BadBody */
  push(chunk: Buffer): void {
    let bytes = chunk;
    try {
      while (bytes.length > 0) bytes = this.#inData ? this.#readData(bytes) : this.#readSkeleton(bytes);
    } catch (error) {
      throw error instanceof BadEscape || error instanceof BadCharacter ? new BadBody(error.message) : error;
    }
  }

  /** @throws BadBody */
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
            this.#text = new JsonText();
            this.#sink.reset(); // a second `data` wins over the first, as in Python
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
    const { text, rest } = this.#text.read(chunk);
    this.#sink.write(text);
    if (rest === undefined) return chunk.subarray(chunk.length);
    this.#inData = false;
    this.#inString = true; // the closing quote belongs to the skeleton
    return rest;
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
