import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Log } from "#contract/edges.ts";
import { WorkerLost } from "#contract/errors.ts";
import type { WorkerSpec } from "../../../runtimes/runtime.ts";
import type { Environment, RunningWorker } from "../environment.ts";
import { listenOnce } from "./listen-once.ts";
import { privateMemory } from "./memory.ts";
import { spawnProcess } from "./process.ts";
import type { StartedProcess } from "./started-process.ts";
import { lastLines } from "./tail.ts";
import { WarmProcesses } from "./warm-processes.ts";

export interface LocalOptions {
  readonly log: Log;
  /** Names in old searches that mean this environment, too. */
  readonly aliases?: readonly string[];
  /** Seconds that a worker may take until it has connected. Default 60. */
  readonly startSeconds?: number;
}

/** Workers as processes of this machine: forked from warm ones on Linux, started afresh elsewhere. */
export function localEnvironment({
  log,
  aliases = ["default", "docker", "kubernetes", "openshift"],
  startSeconds = 60,
}: LocalOptions): Environment {
  // Short, because the path of a unix socket holds 104 bytes at most; private, because who connects is believed.
  const folder = mkdtempSync(join(tmpdir(), "cb-"));
  const warm = new WarmProcesses(folder, log);
  const running = new Set<RunningWorker>();
  let started = 0;

  return {
    name: "local",
    aliases,

    async prepare(spec) {
      if (usesWarm(spec)) await warm.find(spec.warm);
    },

    async start(spec) {
      const number = ++started;
      const socket = join(folder, `${number}.sock`);
      const output = join(folder, `${number}.log`);
      await using listening = await listenOnce(socket);
      const env = { ...spec.env, COMPUTE_BRIDGE_SOCKET: socket };
      const parent = usesWarm(spec) ? await warm.find(spec.warm) : undefined;
      const process = parent
        ? await parent.fork({ ...spec, env }, output)
        : spawnProcess(spec.command, { env, folder: spec.folder, output });
      const stream = await Promise.race([listening.connection, process.ended, timeout(startSeconds)]);
      if (typeof stream === "string") {
        const tail = lastLines(output);
        await process.kill();
        rmSync(output, { force: true });
        throw new WorkerLost(`it did not start: ${stream}`, tail);
      }
      const worker = runningWorker(process, stream, output, `${socket}.data`);
      running.add(worker);
      void worker.ended.then(() => running.delete(worker));
      return worker;
    },

    async [Symbol.asyncDispose]() {
      await Promise.all([...running].map((worker) => worker.kill()));
      await warm[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };

  function runningWorker(process: StartedProcess, stream: RunningWorker["stream"], output: string, link: string): RunningWorker {
    let tail: string | undefined;
    const ended = process.ended.then((how) => {
      tail = lastLines(output);
      for (const file of [output, link]) rmSync(file, { force: true });
      stream.destroy();
      return how;
    });
    return {
      pid: process.pid,
      stream,
      interrupt: () => process.interrupt(),
      kill: () => process.kill(),
      memory: () => privateMemory(process.pid),
      tail: () => tail ?? lastLines(output),
      ended,
    };
  }
}

/** Forking after heavy imports is safe on Linux alone. */
function usesWarm(spec: WorkerSpec): spec is WorkerSpec & Required<Pick<WorkerSpec, "warm">> {
  return spec.warm !== undefined && process.platform === "linux";
}

function timeout(seconds: number): Promise<string> {
  return new Promise((resolve) => {
    setTimeout(resolve, seconds * 1000, `it took longer than ${seconds} s to connect`).unref();
  });
}
