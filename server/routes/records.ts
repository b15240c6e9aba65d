import { BadTable } from "#contract/errors.ts";
import { FRAMES_TYPE } from "#contract/frames.ts";
import type { TableFormat } from "#contract/worker.ts";

const NEWLINE = 0x0a;
const QUOTE = 0x22;

/** Where the first CSV record ends: just after the first newline outside of quotes; the whole length if there is none. */
export function endOfRecord(bytes: Buffer): number {
  let isQuoted = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === QUOTE) isQuoted = !isQuoted;
    else if (byte === NEWLINE && !isQuoted) return i + 1;
  }
  return bytes.length;
}

/**
 * Joins a worker's table frames to one body: each CSV frame repeats the header, a body has it once.
 * Arrow frames are one stream already. The bytes given back are parts of those that came.
 *
 * @returns a function that throws BadTable when the columns change between two frames
 */
export function tableBody(format: TableFormat): (frame: Buffer) => Buffer {
  if (format === "arrow") return (frame) => frame;
  let header: Buffer | undefined;
  return (frame) => {
    if (header === undefined) {
      header = Buffer.from(frame.subarray(0, endOfRecord(frame)));
      return frame;
    }
    if (!frame.subarray(0, header.length).equals(header)) {
      throw new BadTable(
        "The columns of the result changed between two blocks, which one CSV text cannot hold.",
        `Return the same columns for all rows, or ask for frames with Accept: ${FRAMES_TYPE}.`,
      );
    }
    return frame.subarray(header.length);
  };
}
