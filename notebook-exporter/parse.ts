import { Worker } from "node:worker_threads";
import { type Parsed, parseHere } from "./json-text.ts";

/** The bytes may be gone from the caller's memory afterwards. */
export type ParseNotebook = (bytes: Buffer) => Parsed | Promise<Parsed>;

/** Longer files would stop everything else for too long. */
const LONG = 2 * 2 ** 20;
/** The thread's memory is given back when it had nothing to do for so many milliseconds. */
const IDLE = 5_000;

/**
 * Parses short files here and long ones in a thread, which is started when needed and drops the outputs
 * of cells: an export never needs them, and copying them back would cost what the thread saved.
 */
export function startParser(): { parse: ParseNotebook; close(): Promise<void> } {
  let thread: Worker | undefined;
  let idle: NodeJS.Timeout | undefined;
  const waiting: ((parsed: Parsed) => void)[] = [];
  const fail = (from: Worker, why: string) => {
    if (from !== thread) return;
    thread = undefined;
    for (const resolve of waiting.splice(0)) resolve({ why });
  };
  const start = () => {
    const started = new Worker(new URL("./parse-thread.ts", import.meta.url));
    started.unref();
    started.on("message", (parsed: Parsed) => {
      waiting.shift()?.(parsed); // answers come in order
      clearTimeout(idle);
      if (waiting.length === 0) idle = setTimeout(end, IDLE).unref();
    });
    started.on("error", (error) => fail(started, error instanceof Error ? error.message : String(error)));
    started.on("exit", () => fail(started, "the parser stopped"));
    return started;
  };
  const end = async () => {
    const ended = thread;
    thread = undefined;
    await ended?.terminate();
  };
  return {
    parse(bytes) {
      if (bytes.length < LONG) return parseHere(bytes);
      clearTimeout(idle);
      thread ??= start();
      const worker = thread;
      return new Promise((resolve) => {
        waiting.push(resolve);
        // Handed over, not copied, when nothing else lies in that memory.
        const isOwn = bytes.buffer instanceof ArrayBuffer && bytes.buffer.byteLength === bytes.length;
        worker.postMessage(bytes, isOwn ? [bytes.buffer] : []);
      });
    },
    async close() {
      clearTimeout(idle);
      await end();
      for (const resolve of waiting.splice(0)) resolve({ why: "the parser stopped" });
    },
  };
}
