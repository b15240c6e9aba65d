import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Job, Result } from "./job.ts";

/** The load generator: a process of its own, so that neither table nor sides share its event loop. One job at a time. */
export interface Generator extends AsyncDisposable {
  /** @throws Error with what broke */
  run<J extends Job>(job: J): Promise<Result<J>>;
}

export function startGenerator(): Generator {
  const child = fork(join(import.meta.dirname, "main.ts"), { serialization: "advanced" });
  const ended = once(child, "exit");
  return {
    async run(job) {
      child.send(job);
      const [message] = await Promise.race([once(child, "message"), ended.then(() => [{ error: "the load generator ended" }])]);
      if ("error" in message) throw new Error(message.error);
      return message.result;
    },
    async [Symbol.asyncDispose]() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}
