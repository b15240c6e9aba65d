/**
 * The frames that carry a call, its rows and its answer on any byte stream (runtimes/PROTOCOL.md):
 * kind (1 byte), length (u32, big-endian), payload.
 */
export const FrameKind = {
  /** To a spare worker: the arguments of what it is to be, JSON. */
  become: 0x42, // B
  /** To a worker: one call, JSON. */
  call: 0x43, // C
  /** To a worker: the same, sent before the last call was answered. The worker begins it if it gets a permit. */
  ahead: 0x41, // A
  /** Both ways: bytes of a table. Towards a worker cut anywhere; from it, a header and whole records. */
  table: 0x54, // T
  /** To a worker: the segment ends; what follows is a header and records of their own, or another Arrow stream. Payload empty. */
  segment: 0x53, // S
  /** To a worker: the `param` of a call that came without, JSON text, between its rows and `end`. */
  param: 0x50, // P
  /** To a worker: the input is complete. Payload empty. */
  end: 0x45, // E
  /** To a worker: stop; instead of `end` while rows are sent, else any time. Payload empty. */
  cancel: 0x58, // X
  /** From a worker: an event, JSON (`ready`, `log`, `progress`, `metric`). */
  event: 0x56, // V
  /** From a worker: the call succeeded, JSON. The last frame of an answer. */
  done: 0x44, // D
  /** From a worker: the call failed, JSON. The last frame of an answer. */
  error: 0x46, // F
} as const;
export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

export const FRAME_HEADER_BYTES = 5;
/** A longer frame is a broken peer, not a big table: tables are cut into frames. */
export const MAX_FRAME_BYTES = 64 * 2 ** 20;
/** The media type of frames over HTTP. */
export const FRAMES_TYPE = "application/vnd.compute-bridge.frames";

const kinds: ReadonlySet<number> = new Set(Object.values(FrameKind));

export interface Frame {
  readonly kind: FrameKind;
  readonly payload: Buffer;
}

/** The five bytes before a payload of `length` bytes. */
export function frameHeader(kind: FrameKind, length: number): Buffer {
  const header = Buffer.allocUnsafe(FRAME_HEADER_BYTES);
  header[0] = kind;
  header.writeUInt32BE(length, 1);
  return header;
}

/** A whole frame in one buffer: for payloads small enough to copy. */
export function encodeFrame(kind: FrameKind, payload: Uint8Array | string = ""): Buffer {
  const body = typeof payload === "string" ? Buffer.from(payload) : payload;
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + body.byteLength);
  frame[0] = kind;
  frame.writeUInt32BE(body.byteLength, 1);
  frame.set(body, FRAME_HEADER_BYTES);
  return frame;
}

/** Peer sent bytes that are no frames. */
export class BrokenFrames extends Error {
  override readonly name = "BrokenFrames";
}

/**
 * Cuts a byte stream into frames. Give it chunks as they come; it returns the frames that are now whole.
 * A frame's bytes are copied at most once: chunks are joined only when a frame spans them.
 */
export class FrameReader {
  #chunks: Buffer[] = [];
  #size = 0;
  #needed = FRAME_HEADER_BYTES;

  /** @throws BrokenFrames when the bytes cannot be a frame. */
  push(chunk: Buffer): Frame[] {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    const frames: Frame[] = [];
    if (this.#size < this.#needed) return frames;
    let bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks, this.#size);
    for (;;) {
      this.#needed = FRAME_HEADER_BYTES;
      if (bytes.length < FRAME_HEADER_BYTES) break;
      const kind = bytes[0] as number;
      const length = bytes.readUInt32BE(1);
      if (!kinds.has(kind)) throw new BrokenFrames(`0x${kind.toString(16)} is no kind of frame`);
      if (length > MAX_FRAME_BYTES) throw new BrokenFrames(`a frame of ${length} bytes is over the limit of ${MAX_FRAME_BYTES}`);
      this.#needed = FRAME_HEADER_BYTES + length;
      if (bytes.length < this.#needed) break;
      frames.push({ kind: kind as FrameKind, payload: bytes.subarray(FRAME_HEADER_BYTES, this.#needed) });
      bytes = bytes.subarray(this.#needed);
    }
    this.#chunks = bytes.length > 0 ? [bytes] : [];
    this.#size = bytes.length;
    return frames;
  }

  /** Whether the stream may end here without a frame being cut. */
  get isAtBoundary(): boolean {
    return this.#size === 0;
  }
}
