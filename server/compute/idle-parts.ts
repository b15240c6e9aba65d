import type { Clock, Log } from "#contract/edges.ts";
import { BridgeError } from "#contract/errors.ts";
import type { Store } from "../store/store.ts";

const LOOK_EVERY_MS = 60_000;
/** Searches may take long between two parts; after this long their caller is taken for dead. */
const IDLE_MS = 3_600_000;

/** Ends runs in parts whose callers died without a word: now, and every minute until it is disposed of. */
export function endIdleParts(store: Pick<Store, "parts" | "transaction">, clock: Clock, log: Log): Disposable {
  const timer = setInterval(() => void look(), LOOK_EVERY_MS).unref();
  void look();
  return { [Symbol.dispose]: () => clearInterval(timer) };

  async function look(): Promise<void> {
    try {
      const before = new Date(Date.parse(clock.now()) - IDLE_MS).toISOString();
      for (const run of await store.parts.idle(before)) await end(run);
    } catch (error) {
      log.warn({ err: error }, "runs whose callers are gone could not be ended; it is tried again");
    }
  }

  async function end(run: string): Promise<void> {
    try {
      await store.transaction((tx) => tx.parts.close(run, { state: "cancelled", receipt: null, error: unheard, log: [], metrics: [] }));
    } catch (error) {
      // Another bridge, or its caller, was faster.
      if (!(error instanceof BridgeError && error.code === "NOT_FOUND")) throw error;
    }
  }
}

const unheard = {
  code: "CANCELLED",
  message: "Nothing was heard of this run for an hour, so that its caller is taken for dead.",
  hint: "Send the call again, if its result is still wanted.",
  details: {},
};
