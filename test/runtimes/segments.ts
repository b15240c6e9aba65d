import { SEGMENT_END } from "#contract/call.ts";

/** Rows in segments, each cut into pieces of so many bytes. */
export async function* inSegments(segments: readonly string[], bytes = 1 << 20) {
  for (const [at, segment] of segments.entries()) {
    if (at > 0) yield SEGMENT_END;
    const all = Buffer.from(segment);
    for (let from = 0; from < all.length; from += bytes) yield all.subarray(from, from + bytes);
  }
}
