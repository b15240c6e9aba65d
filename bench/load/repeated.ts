/** A CSV whose records come `times` times, without ever being whole in memory. */
export class Repeated {
  readonly bytes: number;
  readonly #text: Buffer;
  readonly #times: number;
  /** Where the first record begins. */
  readonly #records: number;

  constructor(text: Buffer, times: number) {
    this.#text = text;
    this.#times = times;
    this.#records = text.indexOf("\n") + 1;
    this.bytes = text.length + (times - 1) * (text.length - this.#records);
  }

  *pieces(): Generator<Buffer> {
    if (this.#times > 0) yield this.#text;
    for (let time = 1; time < this.#times; time++) yield this.#text.subarray(this.#records);
  }

  /** Compares what comes, piece by piece, with what should; `isWhole` when all came and nothing differed. */
  compare(): { push(piece: Buffer): void; isWhole(): boolean } {
    let at = 0;
    let isSame = true;
    const body = this.#text.length - this.#records;
    return {
      push: (piece) => {
        for (let done = 0; isSame && done < piece.length; ) {
          const from = at < this.#text.length ? at : this.#records + ((at - this.#text.length) % body);
          const length = Math.min(piece.length - done, this.#text.length - from);
          isSame = at + length <= this.bytes && piece.compare(this.#text, from, from + length, done, done + length) === 0;
          at += length;
          done += length;
        }
      },
      isWhole: () => isSame && at === this.bytes,
    };
  }
}
