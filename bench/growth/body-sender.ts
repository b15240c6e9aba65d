import { once } from "node:events";
import { request } from "node:http";
import type { Target } from "../load/job.ts";
import { bodyOf, SameBytes } from "./body-rows.ts";

/** A call whose body is made while it is sent, and whose answer must be its body. */
export interface BodyJob {
  readonly target: Target;
  readonly path: string;
  readonly bytes: number;
}

export interface BodySent {
  readonly ms: number;
  readonly bytes: number;
}

// A process of its own, so that the measuring process shares no event loop with it: one job a message, one result back.
process.on("message", (job: BodyJob) => {
  send(job).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});

async function send({ target, path, bytes }: BodyJob): Promise<BodySent> {
  const began = performance.now();
  const sent = request(target.url + path, { method: "POST", headers: target.headers });
  const same = new SameBytes(bodyOf(bytes));
  const answered = once(sent, "response").then(async ([answer]) => {
    let said = "";
    for await (const piece of answer) {
      if (answer.statusCode === 200) same.add(piece);
      else said += piece;
    }
    if (answer.statusCode !== 200) throw new Error(`${answer.statusCode} ${said}`);
  });
  let count = 0;
  const sending = async (): Promise<void> => {
    for (const piece of bodyOf(bytes)) {
      count += piece.length;
      if (!sent.write(piece)) await once(sent, "drain");
    }
    sent.end();
  };
  await Promise.all([answered, sending()]);
  const ms = performance.now() - began;
  if (!same.isSame()) throw new Error("The answer is not the rows that were sent.");
  return { ms, bytes: count };
}
