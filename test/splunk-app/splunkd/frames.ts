/** The command broke the chunked protocol: splunkd would end the search with an error of its own. */
export class BrokenProtocol extends Error {
  override readonly name = "BrokenProtocol";
}

/** What a command answered to one request. */
export interface Reply {
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

/** A frame of Splunk's chunked protocol: `chunked 1.0,<bytes of metadata>,<bytes of body>\n<metadata><body>`. */
export function encodeRequest(metadata: object, body: Buffer = Buffer.alloc(0)): Buffer {
  const json = Buffer.from(JSON.stringify(metadata));
  return Buffer.concat([Buffer.from(`chunked 1.0,${json.length},${body.length}\n`), json, body]);
}

/** The longest header line that splunkd itself could write. */
const LONGEST_HEADER = 64;

/** Takes a command's bytes as they come and gives the reply once it is whole, to the byte. */
export class ReplyReader {
  #chunks: Buffer[] = [];
  #size = 0;
  #lengths: { readonly start: number; readonly metadata: number; readonly body: number } | undefined;

  /** @throws BrokenProtocol for what is no frame, and for bytes behind the reply: there is one reply to one request. */
  push(chunk: Buffer): Reply | undefined {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    this.#lengths ??= this.#readHeader();
    if (this.#lengths === undefined) return undefined;
    const { start, metadata, body } = this.#lengths;
    const whole = start + metadata + body;
    if (this.#size < whole) return undefined;
    const bytes = this.#all();
    if (bytes.length > whole) throw new BrokenProtocol(`${bytes.length - whole} bytes follow the reply: ${shown(bytes.subarray(whole))}`);
    this.#chunks = [];
    this.#size = 0;
    this.#lengths = undefined;
    return { metadata: metadataOf(bytes.subarray(start, start + metadata)), body: bytes.subarray(start + metadata) };
  }

  /** Bytes of a reply that is not whole yet. */
  get pending(): number {
    return this.#size;
  }

  #readHeader() {
    const bytes = this.#all();
    const end = bytes.subarray(0, LONGEST_HEADER).indexOf("\n");
    if (end < 0 && bytes.length < LONGEST_HEADER) return undefined;
    const lengths = /^chunked 1\.0,(\d+),(\d+)$/.exec(bytes.toString("latin1", 0, Math.max(end, 0)));
    if (lengths === null) throw new BrokenProtocol(`no frame begins with ${shown(bytes)}`);
    return { start: end + 1, metadata: Number(lengths[1]), body: Number(lengths[2]) };
  }

  #all(): Buffer {
    const [first] = this.#chunks;
    if (first !== undefined && this.#chunks.length === 1) return first;
    const bytes = Buffer.concat(this.#chunks, this.#size);
    this.#chunks = [bytes];
    return bytes;
  }
}

function metadataOf(bytes: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(bytes.toString("utf8"));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // Told below, with what was sent.
  }
  throw new BrokenProtocol(`the metadata is no JSON object: ${shown(bytes)}`);
}

const shown = (bytes: Buffer) => JSON.stringify(bytes.toString("utf8", 0, 200));
