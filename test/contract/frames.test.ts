import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BrokenFrames, encodeFrame, FRAME_HEADER_BYTES, FrameKind, FrameReader, frameHeader, MAX_FRAME_BYTES } from "#contract/frames.ts";

const kinds = Object.values(FrameKind);
const frame = fc.record({ kind: fc.constantFrom(...kinds), payload: fc.uint8Array({ maxLength: 300 }) });
/** The same bytes cut in any way, empty pieces included. */
const cuts = fc.array(fc.nat({ max: 40 }), { minLength: 1, maxLength: 20 }).filter((sizes) => sizes.some((size) => size > 0));

function* pieces(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  for (let at = 0, n = 0; at < bytes.length; n++) {
    const size = sizes[n % sizes.length]!;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

describe("frames", () => {
  it("come out as they went in, however the stream is cut", () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 10 }), cuts, (frames, sizes) => {
        const reader = new FrameReader();
        const bytes = Buffer.concat(frames.map(({ kind, payload }) => encodeFrame(kind, payload)));
        const read = [...pieces(bytes, sizes)].flatMap((piece) => reader.push(piece));
        expect(read.map(({ kind, payload }) => ({ kind, payload: new Uint8Array(payload) }))).toEqual(
          frames.map(({ kind, payload }) => ({ kind, payload: new Uint8Array(payload) })),
        );
        expect(reader.isAtBoundary).toBe(true);
      }),
    );
  });

  it("know whether the stream was cut within one", () => {
    fc.assert(
      fc.property(fc.array(frame, { minLength: 1, maxLength: 4 }), fc.nat(), (frames, at) => {
        const encoded = frames.map(({ kind, payload }) => encodeFrame(kind, payload));
        const bytes = Buffer.concat(encoded);
        const end = at % bytes.length;
        const boundaries = new Set(encoded.map((_, n) => Buffer.concat(encoded.slice(0, n)).length));
        const reader = new FrameReader();
        reader.push(bytes.subarray(0, end));
        expect(reader.isAtBoundary).toBe(boundaries.has(end));
      }),
    );
  });

  it("of text are its UTF-8, and a header alone announces what follows", () => {
    fc.assert(
      fc.property(fc.constantFrom(...kinds), fc.string({ unit: "grapheme" }), (kind, text) => {
        const payload = Buffer.from(text);
        expect(encodeFrame(kind, text)).toEqual(Buffer.concat([frameHeader(kind, payload.length), payload]));
      }),
    );
  });

  it("are refused when they are of no kind, whatever follows", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 255 }).filter((byte) => !kinds.some((kind) => kind === byte)),
        fc.uint8Array({ minLength: 4, maxLength: 4 }),
        (byte, length) => {
          expect(() => new FrameReader().push(Buffer.from([byte, ...length]))).toThrow(BrokenFrames);
        },
      ),
    );
  });

  it("are refused by their header when they are too long, before their bytes are kept", () => {
    const most = new FrameReader();
    expect(most.push(frameHeader(FrameKind.table, MAX_FRAME_BYTES))).toEqual([]);
    expect(() => new FrameReader().push(frameHeader(FrameKind.table, MAX_FRAME_BYTES + 1))).toThrow("over the limit");
  });

  it("have a header of the same length always", () => {
    expect(frameHeader(FrameKind.end, 0)).toEqual(Buffer.from([0x45, 0, 0, 0, 0]));
    expect(frameHeader(FrameKind.call, 0x01020304)).toHaveLength(FRAME_HEADER_BYTES);
    expect([...frameHeader(FrameKind.call, 0x01020304)]).toEqual([0x43, 1, 2, 3, 4]);
  });
});
