const HEADER = "a,b,c,d\n";
const BLOCK_BYTES = 1 << 18;

/** Rows of floats whose text every correct reader and writer gives back unchanged. */
const block = rowsOf(BLOCK_BYTES);

/** Bytes of a row, on average. */
export const ROW_BYTES = block.length / block.toString().split("\n").length;

/** A body of about so many bytes, whole rows alone, piece by piece: none is held. */
export function* bodyOf(bytes: number): Generator<Buffer> {
  yield Buffer.from(HEADER);
  let left = bytes - HEADER.length;
  for (; left >= block.length; left -= block.length) yield block;
  const end = block.lastIndexOf("\n", Math.max(left, block.indexOf("\n") + 1) - 1) + 1;
  if (end > 0 && left > 0) yield block.subarray(0, end);
}

/** Compares bytes that come in any pieces with a body, without holding either. */
export class SameBytes {
  readonly #wanted: Iterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);
  #isSame = true;

  constructor(wanted: Iterable<Buffer>) {
    this.#wanted = wanted[Symbol.iterator]();
  }

  add(bytes: Buffer): void {
    for (let at = 0; at < bytes.length && this.#isSame; ) {
      if (this.#rest.length === 0 && !this.#next()) return;
      const length = Math.min(this.#rest.length, bytes.length - at);
      this.#isSame = this.#rest.compare(bytes, at, at + length, 0, length) === 0;
      this.#rest = this.#rest.subarray(length);
      at += length;
    }
  }

  /** Whether all came, and nothing else. */
  isSame(): boolean {
    return this.#isSame && this.#rest.length === 0 && this.#wanted.next().done === true;
  }

  #next(): boolean {
    const { value, done } = this.#wanted.next();
    if (done) this.#isSame = false;
    else this.#rest = value;
    return !done;
  }
}

function rowsOf(bytes: number): Buffer {
  let rows = "";
  for (let number = 0; rows.length < bytes; number++) {
    const digit = 1 + (number % 9);
    rows += `${number % 997}.${digit}25,${number % 89}.0${digit}75,-${number % 13}.${digit}5,0.${digit}${digit}5\n`;
  }
  return Buffer.from(rows);
}
