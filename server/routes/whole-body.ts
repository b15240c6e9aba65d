import type { IncomingMessage } from "node:http";
import { Cancelled } from "#contract/errors.ts";

/** A request's body once all of it is there: for those known to be small. @throws Cancelled when the client goes away before its end */
export function wholeBody(message: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let isWhole = false;
    // A message closes after its end as well.
    const gone = () => {
      if (!isWhole) reject(new Cancelled("The caller went away before all rows had come."));
    };
    if (message.destroyed && !message.readableEnded) return gone(); // it tells nothing any more
    message
      .on("data", (chunk: Buffer) => chunks.push(chunk))
      .on("end", () => {
        isWhole = true;
        resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks));
      })
      .on("error", gone)
      .on("close", gone);
  });
}
