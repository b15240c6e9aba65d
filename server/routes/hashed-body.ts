import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { chunksOf } from "./request-rows.ts";

/** A request's body that is hashed while somebody reads it. */
export interface HashedBody {
  readonly chunks: AsyncGenerator<Buffer>;
  /** Reads what nobody has read yet, and gives the SHA-256 of the whole body, in hex. @throws Cancelled when the client goes away */
  digest(): Promise<string>;
}

export function hashedBody(message: IncomingMessage): HashedBody {
  const hash = createHash("sha256");
  const chunks = hashed();
  return {
    chunks,
    async digest() {
      // A call may end before its input does (frames have an end of their own): first what this iterator still owes, so
      // that no two read at once, then what came after it was told to stop.
      for await (const _ of chunks);
      for await (const chunk of chunksOf(message)) hash.update(chunk);
      return hash.digest("hex");
    },
  };

  async function* hashed(): AsyncGenerator<Buffer> {
    for await (const chunk of chunksOf(message)) {
      hash.update(chunk);
      yield chunk;
    }
  }
}
