import type { Duplex } from "node:stream";
import { LateParam, type Rows, SEGMENT_END } from "#contract/call.ts";
import { encodeFrame, FRAME_HEADER_BYTES, FrameKind, frameHeader } from "#contract/frames.ts";
import type { WorkerCall } from "#contract/worker.ts";

/** Rows go to a worker in frames of at most this many bytes. */
const FRAME_BYTES = 2 ** 20;
/** Up to here one copy and one write are cheaper than several writes. */
const SMALL_BYTES = 2 ** 16;

/** Whether rows are there and so few that they go out in one write with their call. */
export function areSmall(rows: Rows): rows is Buffer {
  return Buffer.isBuffer(rows) && rows.length <= SMALL_BYTES;
}

/** The bridge's half of one call: what goes to the worker, until it ended or was given up. */
export class Outgoing {
  /** The worker was gone when the call was written, and no row was taken. */
  isUnsent = false;
  readonly #stream: Duplex;
  #isOpen = true;
  #wake: (() => void) | undefined;
  #rows: AsyncIterator<Buffer | typeof SEGMENT_END | LateParam> | undefined;

  constructor(stream: Duplex) {
    this.#stream = stream;
  }

  /**
   * Small rows are written at once, in this tick; only these may go ahead. Rejects with what the rows throw, unless they
   * were given up before.
   */
  send(call: WorkerCall, rows: Rows, isAhead: boolean): Promise<void> | undefined {
    const json = JSON.stringify(call);
    if (!areSmall(rows)) return this.#pump(encodeFrame(FrameKind.call, json), Buffer.isBuffer(rows) ? once(rows) : rows);
    this.#isOpen = false;
    this.#stream.write(together(isAhead ? FrameKind.ahead : FrameKind.call, json, rows), (error) => {
      this.isUnsent = Boolean(error);
    });
    return undefined;
  }

  /** Nothing more is wanted: ends the input with a cancel frame, if it has not ended. The rows' iterator is told. */
  giveUp(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    if (!this.#stream.destroyed) this.#stream.write(encodeFrame(FrameKind.cancel));
    this.drained();
    this.#rows?.return?.()?.then(undefined, () => {}); // it ends when it can: nobody waits for it
  }

  /** The stream takes more. */
  drained(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  async #pump(head: Buffer, source: Exclude<Rows, Buffer>): Promise<void> {
    // Before the first row is taken it must be known that there is somebody to read it.
    const isWritten = await new Promise<boolean>((resolve) => this.#stream.write(head, (error) => resolve(!error)));
    this.isUnsent = !isWritten;
    if (!isWritten || !this.#isOpen) return;
    const rows = source[Symbol.asyncIterator]();
    this.#rows = rows;
    try {
      while (this.#isOpen) {
        const next = await rows.next();
        if (!this.#isOpen) return;
        if (next.done) break;
        if (next.value === SEGMENT_END) this.#stream.write(encodeFrame(FrameKind.segment));
        else if (next.value instanceof LateParam) this.#stream.write(encodeFrame(FrameKind.param, next.value.json));
        else await this.#table(next.value);
      }
    } catch (error) {
      if (this.#isOpen) throw error;
      return;
    }
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#stream.write(encodeFrame(FrameKind.end));
  }

  async #table(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length && this.#isOpen; at += FRAME_BYTES) {
      const piece = bytes.subarray(at, at + FRAME_BYTES);
      this.#stream.cork();
      this.#stream.write(frameHeader(FrameKind.table, piece.length));
      const isFree = this.#stream.write(piece);
      this.#stream.uncork();
      if (!isFree && this.#isOpen) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

/** Call, table (none for no bytes) and end in one buffer. */
function together(kind: FrameKind, json: string, rows: Buffer): Buffer {
  const callBytes = Buffer.byteLength(json);
  const tableBytes = rows.length > 0 ? FRAME_HEADER_BYTES + rows.length : 0;
  const all = Buffer.allocUnsafe(FRAME_HEADER_BYTES + callBytes + tableBytes + FRAME_HEADER_BYTES);
  let at = head(all, 0, kind, callBytes);
  at += all.write(json, at);
  if (tableBytes > 0) {
    at = head(all, at, FrameKind.table, rows.length);
    at += rows.copy(all, at);
  }
  head(all, at, FrameKind.end, 0);
  return all;
}

function head(into: Buffer, at: number, kind: FrameKind, length: number): number {
  into[at] = kind;
  return into.writeUInt32BE(length, at + 1);
}
