import { createInterface } from "node:readline";
import { z } from "zod";
import { WorkerLost } from "#contract/errors.ts";
import type { WorkerSpec } from "../../../runtimes/runtime.ts";
import { listenOnce } from "./listen-once.ts";
import { type ProcessPlace, spawnProcess } from "./process.ts";
import { howEnded, type StartedProcess, signalGroup, signalProcess } from "./started-process.ts";
import { lastLines } from "./tail.ts";

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
  fork(spec: Pick<WorkerSpec, "command" | "env" | "folder">, output: string): Promise<StartedProcess>;
}

/** Resolves when its imports are done. @throws WorkerLost when it ends before, or takes longer than 120 s */
export async function startWarmProcess(command: readonly [string, ...string[]], place: ProcessPlace, socket: string): Promise<WarmProcess> {
  await using listening = await listenOnce(socket);
  const parent = spawnProcess(command, { ...place, env: { ...place.env, COMPUTE_BRIDGE_WARM: socket } });
  const late = new Promise<string>((resolve) => setTimeout(resolve, 120_000, "it took longer than 120 s").unref());
  const stream = await Promise.race([listening.connection, parent.ended, late]);
  if (typeof stream === "string") {
    await parent.kill();
    throw new WorkerLost(`the warm process did not start: ${stream}`, lastLines(place.output));
  }
  stream.on("error", () => {}); // `ended` tells
  const children = new Map<number, Child>();
  const asked = new Map<number, { resolve(child: Child): void; reject(error: Error): void }>();
  const isWarm = Promise.withResolvers<void>();
  let ids = 0;

  createInterface(stream).on("line", (text) => {
    const line = Line.parse(JSON.parse(text));
    if ("warm" in line) isWarm.resolve();
    else if ("error" in line) {
      asked.get(line.id)?.reject(new WorkerLost(`the warm process could not fork: ${line.error}`, ""));
      asked.delete(line.id);
    } else if ("id" in line) {
      // Here and not by whoever asked: the line of its end may be the next one.
      const child = childOf(line.pid);
      children.set(line.pid, child);
      asked.get(line.id)?.resolve(child);
      asked.delete(line.id);
    } else ended(line.pid, howEnded(line.exit, line.signal, children.get(line.pid)?.isOurs ?? false));
  });
  void parent.ended.then((how) => {
    isWarm.reject(new WorkerLost(`the warm process ended: ${how}`, lastLines(place.output)));
    for (const each of asked.values()) each.reject(new WorkerLost(`the warm process ended: ${how}`, lastLines(place.output)));
    for (const pid of children.keys()) {
      signalGroup(pid, "SIGKILL");
      ended(pid, "the process that it was forked from ended");
    }
    stream.destroy();
  });
  isWarm.promise.catch(() => {});
  await isWarm.promise;

  return {
    ...parent,
    async fork({ command, env, folder }, output) {
      const id = ++ids;
      const { promise, resolve, reject } = Promise.withResolvers<Child>();
      asked.set(id, { resolve, reject });
      stream.write(`${JSON.stringify({ id, argv: command, env, folder, log: output })}\n`);
      return await promise;
    },
  };

  function ended(pid: number, how: string): void {
    signalGroup(pid, "SIGKILL"); // what it left behind
    const child = children.get(pid);
    children.delete(pid);
    child?.resolve(how);
  }
}

interface Child extends StartedProcess {
  isOurs: boolean;
  resolve(how: string): void;
}

function childOf(pid: number): Child {
  const { promise: ended, resolve } = Promise.withResolvers<string>();
  let isEnded = false;
  const child: Child = {
    pid,
    ended,
    isOurs: false,
    resolve(how) {
      isEnded = true;
      resolve(how);
    },
    interrupt() {
      if (!isEnded) signalProcess(pid, "SIGINT");
    },
    async kill() {
      if (isEnded) return;
      child.isOurs = true;
      if (!signalGroup(pid, "SIGKILL")) signalProcess(pid, "SIGKILL"); // before its setsid it leads no group
      await ended;
    },
  };
  return child;
}
