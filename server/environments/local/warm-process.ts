import { createInterface } from "node:readline";
import { z } from "zod";
import { WorkerLost } from "#contract/errors.ts";
import type { WorkerSpec } from "../../../runtimes/runtime.ts";
import { listenOnce } from "./listen-once.ts";
import { type ProcessPlace, spawnProcess } from "./process.ts";
import { killSession } from "./session.ts";
import { howEnded, type StartedProcess, signalProcess } from "./started-process.ts";
import { lastLines } from "./tail.ts";

const START_MS = 120_000;
const FORK_MS = 10_000;

/** What a warm process says (PROTOCOL.md, Warm processes). */
const Line = z.union([
  z.object({ warm: z.literal(true), pid: z.int() }),
  z.object({ id: z.int(), pid: z.int() }),
  z.object({ id: z.int(), error: z.string() }),
  z.object({ pid: z.int(), exit: z.int().nullable(), signal: z.string().nullable() }),
]);

/** A process that has the heavy imports done and forks workers, in 10 ms instead of seconds. */
export interface WarmProcess extends StartedProcess {
  /** @throws WorkerLost when it ends before it has forked */
  fork(spec: Pick<WorkerSpec, "command" | "env" | "folder">, output: string, mark: string): Promise<StartedProcess>;
}

/**
 * Resolves when its imports are done.
 *
 * @param onStarted gets the process at once, so that it can be ended while it imports
 * @throws WorkerLost when it ends before, or takes longer than two minutes
 */
export async function startWarmProcess(
  command: readonly [string, ...string[]],
  place: ProcessPlace,
  socket: string,
  onStarted: (process: StartedProcess) => void,
): Promise<WarmProcess> {
  await using listening = await listenOnce(socket);
  const parent = spawnProcess(command, { ...place, env: { ...place.env, COMPUTE_BRIDGE_WARM: socket } });
  onStarted(parent);
  const late = setTimeout(() => void parent.kill(), START_MS);
  const stream = await Promise.race([listening.connection, parent.ended]);
  if (typeof stream === "string") {
    clearTimeout(late);
    throw new WorkerLost(`the warm process did not start: ${stream}`, lastLines(place.output));
  }
  stream.on("error", () => {}); // `ended` tells
  stream.once("close", () => void parent.kill()); // without its line it is of no use
  const children = new Map<number, Child>();
  const asked = new Map<number, { mark: string; resolve(child: Child): void; reject(error: Error): void }>();
  const isWarm = Promise.withResolvers<void>();
  let ids = 0;

  const lines = createInterface(stream);
  // It passes its stream's errors on: a process killed with a request unread resets the connection, and would end us.
  lines.on("error", () => {});
  lines.on("line", (text) => {
    if (stream.destroyed) return;
    const line = read(text);
    if (line === undefined) return void stream.destroy(); // out of step: it ends, and a new one is started
    if ("warm" in line) isWarm.resolve();
    else if ("error" in line) {
      asked.get(line.id)?.reject(new WorkerLost(`the warm process could not fork: ${line.error}`, ""));
      asked.delete(line.id);
    } else if ("id" in line) {
      // Here and not by whoever asked: the line of its end may be the next one.
      const child = childOf(line.pid, asked.get(line.id)?.mark, children);
      children.set(line.pid, child);
      asked.get(line.id)?.resolve(child);
      asked.delete(line.id);
    } else ended(line.pid, howEnded(line.exit, line.signal, children.get(line.pid)?.killing !== undefined));
  });
  void parent.ended.then((how) => {
    isWarm.reject(new WorkerLost(`the warm process ended: ${how}`, lastLines(place.output)));
    for (const each of asked.values()) each.reject(new WorkerLost(`the warm process ended: ${how}`, lastLines(place.output)));
    for (const pid of children.keys()) {
      // Nobody would tell how they end.
      void killSession(pid, { mark: children.get(pid)?.mark, unmarked: children }).then(() =>
        ended(pid, "the process that it was forked from ended"),
      );
    }
    stream.destroy();
  });
  isWarm.promise.catch(() => {});
  await isWarm.promise.finally(() => clearTimeout(late));

  return {
    ...parent,
    async fork({ command, env, folder }, output, mark) {
      const id = ++ids;
      const { promise, resolve, reject } = Promise.withResolvers<Child>();
      asked.set(id, { mark, resolve, reject });
      const stuck = setTimeout(() => void parent.kill(), FORK_MS);
      stream.write(`${JSON.stringify({ id, argv: command, env, folder, log: output })}\n`);
      return await promise.finally(() => clearTimeout(stuck));
    },
  };

  function ended(pid: number, how: string): void {
    const child = children.get(pid);
    children.delete(pid);
    if (!child) return;
    child.isEnded = true;
    child.killing ??= killSession(pid, { isGone: true, mark: child.mark, unmarked: children });
    void child.killing.then(() => child.resolve(how)); // with what it left behind
  }
}

function read(text: string): z.infer<typeof Line> | undefined {
  try {
    return Line.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

interface Child extends StartedProcess {
  readonly mark: string | undefined;
  /** Ends it, or what it left behind. */
  killing: Promise<void> | undefined;
  isEnded: boolean;
  resolve(how: string): void;
}

/** @param forked all that its warm process forked: their environments are that one's */
function childOf(pid: number, mark: string | undefined, forked: ReadonlyMap<number, Child>): Child {
  const { promise: ended, resolve } = Promise.withResolvers<string>();
  const child: Child = {
    pid,
    mark,
    ended,
    killing: undefined,
    isEnded: false,
    resolve,
    interrupt() {
      if (!child.isEnded) signalProcess(pid, "SIGINT");
    },
    async kill() {
      if (child.isEnded) return void (await ended);
      child.killing ??= killSession(pid, { mark, unmarked: forked });
      await child.killing;
      // The warm process may be stopped, or too busy to tell: what was killed has ended all the same.
      resolve(howEnded(null, "SIGKILL", true));
    },
  };
  return child;
}
