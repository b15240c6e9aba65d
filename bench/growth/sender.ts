import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { BodyJob, BodySent } from "./body-sender.ts";

/** The process that sends bodies (body-sender.ts). One at a time. */
export interface Sender extends AsyncDisposable {
  /** @throws Error when the answer is not the body */
  send(job: BodyJob): Promise<BodySent>;
}

export function startSender(): Sender {
  const child = fork(join(import.meta.dirname, "body-sender.ts"));
  const ended = once(child, "exit");
  return {
    async send(job) {
      child.send(job);
      const [message] = await Promise.race([once(child, "message"), ended.then(() => [{ error: "the sender of bodies ended" }])]);
      if ("error" in message) throw new Error(message.error);
      return message.result;
    },
    async [Symbol.asyncDispose]() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}
