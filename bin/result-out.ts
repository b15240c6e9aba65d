import { tableBody } from "../server/routes/records.ts";
import { isFile, writeWhole } from "./print.ts";
import { count } from "./show.ts";

const NEWLINE = 0x0a;
const QUOTE = 0x22;

/** A result on its way to standard output, and how much of it went out. */
export class ResultOut {
  readonly #records = tableBody("csv");
  readonly #out: NodeJS.WriteStream;
  readonly #isFile = isFile();
  #bytes = 0;
  #lines = 0;
  #isQuoted = false;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  /** Takes the payload of one table frame: a header and whole records. Resolves when there is room for the next. @throws Unwritten */
  async write(frame: Buffer): Promise<void> {
    const bytes = this.#records(frame);
    if (this.#isFile) {
      let at = 0;
      return writeWhole(bytes, (count) => {
        this.#count(bytes.subarray(at, at + count));
        at += count;
      });
    }
    const isTaken = this.#out.write(bytes);
    if (!isTaken) await roomIn(this.#out);
    if (!this.#out.errored) this.#count(bytes);
  }

  /** What to say when no more comes; empty while nothing went out. */
  get incomplete(): string {
    if (this.#bytes === 0) return "";
    const rows = count(Math.max(0, this.#lines - 1), "row");
    return `The output is incomplete: ${rows} (${count(this.#bytes, "byte")}) were written before.`;
  }

  /** A newline in quotes ends no record. */
  #count(bytes: Buffer): void {
    this.#bytes += bytes.length;
    if (!this.#isQuoted && !bytes.includes(QUOTE)) {
      for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) this.#lines++;
      return;
    }
    for (const byte of bytes) {
      if (byte === QUOTE) this.#isQuoted = !this.#isQuoted;
      else if (byte === NEWLINE && !this.#isQuoted) this.#lines++;
    }
  }
}

function roomIn(out: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      for (const each of ["drain", "close", "error"]) out.off(each, done);
      resolve();
    };
    for (const each of ["drain", "close", "error"]) out.once(each, done);
  });
}
