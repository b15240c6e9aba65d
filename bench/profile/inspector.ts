import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { CpuProfile } from "./stacks.ts";

const OPEN_SECONDS = 30;
const SAMPLE_MICROSECONDS = 250;

const Reply = z.object({ id: z.int().optional(), result: z.unknown(), error: z.object({ message: z.string() }).optional() });

/** V8's profiler in a running Node process. */
export interface Inspector extends AsyncDisposable {
  start(): Promise<void>;
  stop(): Promise<CpuProfile>;
}

/** What a process must be started with for `openInspector`: any free port of loopback. */
export const inspectable = { NODE_OPTIONS: "--inspect-port=127.0.0.1:0" };

/**
 * Opens the inspector of a process that was started `inspectable`, by its signal.
 *
 * @param log the file that its output goes to, where Node says the address
 */
export async function openInspector(pid: number, log: string): Promise<Inspector> {
  process.kill(pid, "SIGUSR1");
  const socket = new WebSocket(await address(log));
  await once(socket, "open");
  let last = 0;
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  socket.addEventListener("message", ({ data }) => {
    const { id, result, error } = Reply.parse(JSON.parse(String(data)));
    if (id === undefined) return;
    if (error) waiting.get(id)?.reject(new Error(error.message));
    else waiting.get(id)?.resolve(result);
    waiting.delete(id);
  });
  const ask = (method: string, params = {}): Promise<unknown> => {
    const answered = Promise.withResolvers<unknown>();
    waiting.set(++last, answered);
    socket.send(JSON.stringify({ id: last, method, params }));
    return answered.promise;
  };
  await ask("Profiler.enable");
  await ask("Profiler.setSamplingInterval", { interval: SAMPLE_MICROSECONDS });
  return {
    start: async () => void (await ask("Profiler.start")),
    stop: async () => z.object({ profile: CpuProfile }).parse(await ask("Profiler.stop")).profile,
    async [Symbol.asyncDispose]() {
      const closed = once(socket, "close");
      socket.close();
      await closed;
    },
  };
}

async function address(log: string): Promise<string> {
  for (const end = performance.now() + OPEN_SECONDS * 1000; performance.now() < end; await sleep(50)) {
    const [, found] = /Debugger listening on (ws:\S+)/.exec(await readFile(log, "utf8")) ?? [];
    if (found) return found;
  }
  throw new Error(`The process opened no inspector: ${log} does not tell its address.`);
}
