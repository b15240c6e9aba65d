import { Worker } from "node:worker_threads";

/** What a file's bytes are, or why they are no JSON. */
export type Parsed = { readonly notebook: unknown } | { readonly why: string };
export type ParseNotebook = (bytes: Buffer) => Parsed | Promise<Parsed>;

/** Longer files would stop everything else for too long. */
const LONG = 2 * 2 ** 20;

export function parseHere(bytes: Uint8Array): Parsed {
  try {
    // The decoder drops a byte order mark, which JSON.parse would refuse.
    return { notebook: JSON.parse(new TextDecoder().decode(bytes)) };
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * Parses short files here and long ones in a thread, which is started when first needed and drops the outputs
 * of cells: an export never needs them, and copying them back would cost what the thread saved.
 */
export function startParser(): { parse: ParseNotebook; close(): Promise<void> } {
  let thread: Worker | undefined;
  const waiting: ((parsed: Parsed) => void)[] = [];
  const fail = (why: string) => {
    thread = undefined;
    for (const resolve of waiting.splice(0)) resolve({ why });
  };
  const start = () => {
    const started = new Worker(new URL("./parse-thread.ts", import.meta.url));
    started.unref();
    started.on("message", (parsed: Parsed) => waiting.shift()?.(parsed)); // answers come in order
    started.on("error", (error) => fail(error instanceof Error ? error.message : String(error)));
    started.on("exit", () => fail("the parser stopped"));
    return started;
  };
  return {
    parse(bytes) {
      if (bytes.length < LONG) return parseHere(bytes);
      thread ??= start();
      const worker = thread;
      return new Promise((resolve) => {
        waiting.push(resolve);
        worker.postMessage(bytes);
      });
    },
    async close() {
      await thread?.terminate();
    },
  };
}
