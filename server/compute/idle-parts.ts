import type { Clock, Log } from "#contract/edges.ts";
import { BridgeError } from "#contract/errors.ts";
import type { Store } from "../store/store.ts";

const LOOK_EVERY_MS = 60_000;
/** Searches may take long between two parts; after this long their caller is taken for dead. */
const IDLE_MS = 3_600_000;
/** When its connection has closed, it is taken for dead so soon: time enough to come back on another, to another bridge too. */
const LEFT_MS = 300_000;

/** Ends runs in parts whose callers died without a word. */
export interface IdleParts extends Disposable {
  /** The connection on which a run's last request came has closed before the run ended. */
  left(run: string): void;
}

/** Looks now, and every minute until it is disposed of. */
export function endIdleParts(store: Pick<Store, "parts" | "transaction">, clock: Clock, log: Log): IdleParts {
  const timer = setInterval(() => void look(), LOOK_EVERY_MS).unref();
  const waiting = new Set<NodeJS.Timeout>();
  void look();
  return {
    left(run) {
      const later = setTimeout(() => {
        waiting.delete(later);
        void trying(async () => {
          const open = await store.parts.find(run);
          if (open && open.seenAt <= before(LEFT_MS)) await end(run, "Its caller's connection closed, and nothing more was heard of it.");
        });
      }, LEFT_MS).unref();
      waiting.add(later);
    },
    [Symbol.dispose]() {
      clearInterval(timer);
      for (const each of waiting) clearTimeout(each);
    },
  };

  function look(): Promise<void> {
    return trying(async () => {
      for (const run of await store.parts.idle(before(IDLE_MS))) await end(run, "Nothing was heard of it for an hour.");
    });
  }

  async function trying(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      log.warn({ err: error }, "runs whose callers are gone could not be ended; it is tried again");
    }
  }

  function before(ms: number): string {
    return new Date(Date.parse(clock.now()) - ms).toISOString();
  }

  async function end(run: string, message: string): Promise<void> {
    const error = { code: "CANCELLED", message, hint: "Send the call again, if its result is still wanted.", details: {} };
    try {
      await store.transaction((tx) => tx.parts.close(run, { state: "cancelled", receipt: null, error, log: [], metrics: [] }));
    } catch (thrown) {
      // Another bridge, or its caller, was faster.
      if (!(thrown instanceof BridgeError && thrown.code === "NOT_FOUND")) throw thrown;
    }
  }
}
