/** What a response says before its body. */
export interface Head {
  readonly status: number;
  /** Whether the connection cannot be used again. */
  readonly isLast: boolean;
}

export interface AnswerSink {
  /** A piece of the body. Valid until it returns: the memory may be used again. */
  body(piece: Buffer): void;
  /** The answer is whole. */
  end(head: Head): void;
}

/** More than this before an answer's body is no HTTP. */
const MOST_HEAD_BYTES = 64 * 2 ** 10;
const HEAD_END = "\r\n\r\n";

/**
 * HTTP/1.1 responses out of the bytes of a connection, one after the other: with a length, chunked, or up to the
 * connection's end. Made for load generators: small answers that come in one piece are not copied.
 */
export class AnswerReader {
  readonly #sink: AnswerSink;
  #rest: Buffer = Buffer.alloc(0);
  #head: Head | undefined;
  /** Bytes of the body, or of the chunk, that have not come; null: all until the end. */
  #left: number | null = 0;
  #isChunked = false;
  #state: "head" | "body" | "size" | "chunk end" | "trailers" = "head";

  constructor(sink: AnswerSink) {
    this.#sink = sink;
  }

  /** Whether an answer has begun that is not whole. */
  get isWithin(): boolean {
    return this.#state !== "head" || this.#rest.length > 0;
  }

  /** @throws Error for what is not HTTP */
  push(piece: Buffer): void {
    let bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    this.#rest = Buffer.alloc(0);
    while (bytes.length > 0) {
      const used = this.#step(bytes);
      if (used === undefined) {
        this.#rest = Buffer.from(bytes);
        return;
      }
      bytes = bytes.subarray(used);
    }
  }

  /** The connection has ended. @throws Error when that cuts an answer short */
  end(): void {
    if (this.#state === "body" && this.#left === null) this.#over();
    else if (this.isWithin) throw new Error("The connection broke within an answer.");
  }

  /** How many bytes were understood; undefined: more must come first. */
  #step(bytes: Buffer): number | undefined {
    switch (this.#state) {
      case "head":
        return this.#readHead(bytes);
      case "body":
        return this.#readBody(bytes);
      case "size":
        return this.#readLine(bytes, (line) => {
          const size = /^[\da-f]+/i.exec(line);
          if (!size) throw new Error(`"${line.slice(0, 40)}" is no size of a chunk.`);
          this.#left = Number.parseInt(size[0], 16);
          this.#state = this.#left === 0 ? "trailers" : "body";
        });
      case "chunk end":
        return this.#readLine(bytes, () => {
          this.#state = "size";
        });
      case "trailers":
        return this.#readLine(bytes, (line) => {
          if (line === "") this.#over();
        });
    }
  }

  #readHead(bytes: Buffer): number | undefined {
    const end = bytes.indexOf(HEAD_END);
    if (end < 0 && bytes.length > MOST_HEAD_BYTES) throw new Error("The answer's head does not end.");
    if (end < 0) return undefined;
    const text = bytes.toString("latin1", 0, end);
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1]);
    if (Number.isNaN(status)) throw new Error(`"${text.slice(0, 40)}" is no answer of HTTP/1.`);
    if (status >= 100 && status < 200) return end + HEAD_END.length;
    const length = /^content-length: *(\d+)/im.exec(text)?.[1];
    this.#isChunked = /^transfer-encoding: *chunked/im.test(text);
    const isEmpty = status === 204 || status === 304;
    const isUntilEnd = !(this.#isChunked || isEmpty) && length === undefined;
    const isOld = text.startsWith("HTTP/1.0") && !/^connection: *keep-alive/im.test(text);
    this.#head = { status, isLast: isUntilEnd || isOld || /^connection: *close/im.test(text) };
    this.#left = isUntilEnd ? null : isEmpty ? 0 : Number(length ?? 0);
    if (this.#left === 0 && !this.#isChunked) this.#over();
    else this.#state = this.#isChunked ? "size" : "body";
    return end + HEAD_END.length;
  }

  #readBody(bytes: Buffer): number {
    const used = this.#left === null ? bytes.length : Math.min(this.#left, bytes.length);
    this.#sink.body(used === bytes.length ? bytes : bytes.subarray(0, used));
    if (this.#left === null) return used;
    this.#left -= used;
    if (this.#left > 0) return used;
    if (this.#isChunked) this.#state = "chunk end";
    else this.#over();
    return used;
  }

  #readLine(bytes: Buffer, read: (line: string) => void): number | undefined {
    const end = bytes.indexOf("\r\n");
    if (end < 0 && bytes.length > MOST_HEAD_BYTES) throw new Error("A line between chunks does not end.");
    if (end < 0) return undefined;
    read(bytes.toString("latin1", 0, end));
    return end + 2;
  }

  #over(): void {
    const head = this.#head;
    this.#state = "head";
    this.#head = undefined;
    if (head) this.#sink.end(head);
  }
}
