import { createReadStream, createWriteStream, type WriteStream } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { type Rows, SEGMENT_END } from "#contract/call.ts";
import { Cancelled } from "#contract/errors.ts";
import type { IsLeft } from "./left-behind.ts";

/**
 * Rows that are held until more of the call is known: in memory up to a limit, beyond it in a file of mode 0600.
 * Disposing removes the file.
 */
export class Spool implements AsyncDisposable {
  readonly #file: string;
  readonly #memoryBytes: number;
  #chunks: Buffer[] = [];
  #size = 0;
  #stream: WriteStream | undefined;
  #failed: Error | undefined;
  #drained: Promise<void> | undefined;

  /** @param name of the file: the run, after the home's mark; @param memoryBytes 0: everything goes to the file at once. */
  constructor(folder: string, name: string, memoryBytes: number) {
    this.#file = join(folder, `${name}.rows`);
    this.#memoryBytes = memoryBytes;
  }

  get size(): number {
    return this.#size;
  }

  /** Takes the bytes over: they must not change later. */
  write(bytes: Buffer): void {
    // After a failure nothing is written: `drained` throws it.
    if (bytes.length === 0 || this.#failed) return;
    this.#size += bytes.length;
    if (!this.#stream && this.#size <= this.#memoryBytes) {
      this.#chunks.push(bytes);
      return;
    }
    const stream = this.#open();
    for (const chunk of this.#chunks.splice(0)) stream.write(chunk);
    if (!stream.write(bytes)) {
      this.#drained ??= drainOf(stream).then(() => {
        this.#drained = undefined;
      });
    }
  }

  /** Forgets what was written. */
  reset(): void {
    this.#chunks = [];
    if (this.#size > 0 && this.#stream) throw new Error("data is given twice, and the first was too long to be held in memory");
    this.#size = 0;
  }

  /** Resolves when more may be written. @throws what writing the file threw */
  async drained(): Promise<void> {
    await this.#drained;
    if (this.#failed) throw this.#failed;
  }

  /** The rows from their beginning. */
  async rows(): Promise<Buffer | AsyncIterable<Buffer>> {
    if (!this.#stream) return Buffer.concat(this.#chunks);
    return createReadStream(await this.file(), { highWaterMark: 2 ** 20 });
  }

  /** The rows as a file, complete on disk. */
  async file(): Promise<string> {
    const stream = this.#open();
    for (const chunk of this.#chunks.splice(0)) stream.write(chunk);
    if (!stream.closed) {
      stream.end();
      await finished(stream);
    }
    if (this.#failed) throw this.#failed;
    return this.#file;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const stream = this.#stream?.destroy();
    // A file that is still being opened would appear after it was removed.
    if (stream && !stream.closed) await new Promise<void>((closed) => stream.once("close", () => closed()));
    await rm(this.#file, { force: true });
  }

  #open(): WriteStream {
    if (!this.#stream) {
      this.#stream = createWriteStream(this.#file, { mode: 0o600, highWaterMark: 2 ** 20 });
      this.#stream.on("error", (error) => {
        this.#failed = error;
      });
    }
    return this.#stream;
  }
}

/**
 * Writes all rows to the spool.
 *
 * @returns where segments begin that follow the first, in bytes
 * @throws Cancelled when the signal fires; what reading or writing throws
 */
export async function spoolRows(spool: Spool, rows: Rows, signal: AbortSignal): Promise<number[]> {
  const segments: number[] = [];
  if (Buffer.isBuffer(rows)) spool.write(rows);
  else {
    for await (const chunk of rows) {
      if (signal.aborted) throw new Cancelled();
      if (chunk === SEGMENT_END) segments.push(spool.size);
      else if (Buffer.isBuffer(chunk)) spool.write(chunk);
      await spool.drained();
    }
  }
  await spool.drained();
  return segments;
}

/** Resolves when the stream takes more, or never will. */
function drainOf(stream: WriteStream): Promise<void> {
  return new Promise((resolve) => {
    // Closed between two chunks, as by a full disk, it tells of it no more.
    if (stream.destroyed) return resolve();
    const done = () => {
      stream.off("drain", done).off("close", done);
      resolve();
    };
    stream.once("drain", done).once("close", done);
  });
}

/** Removes the rows of calls that never ended. */
export async function sweepSpool(folder: string, isLeft: IsLeft): Promise<void> {
  for (const entry of await readdir(folder).catch(() => []))
    if (await isLeft(entry)) await rm(join(folder, entry), { recursive: true, force: true });
}
