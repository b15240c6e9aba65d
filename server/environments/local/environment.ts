import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "#contract/edges.ts";
import { Stopping, WorkerLost } from "#contract/errors.ts";
import type { WorkerSpec } from "../../../runtimes/runtime.ts";
import type { Environment, RunningWorker } from "../environment.ts";
import { activityOf } from "./activity.ts";
import { listenOnce } from "./listen-once.ts";
import { OwnMemory } from "./memory.ts";
import { PipePermits } from "./permits.ts";
import { WorkerPriority } from "./priority.ts";
import { spawnProcess } from "./process.ts";
import { Spares } from "./spares.ts";
import type { StartedProcess } from "./started-process.ts";
import { lastLines } from "./tail.ts";
import { WarmProcesses } from "./warm-processes.ts";

/** How often ending looks for workers that were being started. */
const LOOK_MS = 20;
/** For how long the connection of a worker that ended is kept for its reader. */
const LAST_WORDS_MS = 5000;

export interface LocalOptions {
  readonly log: Log;
  /** For sockets and logs, private and with a short path; named in the environment of all that is started. Default: one of its own. */
  readonly folder?: string;
  /** Names in old searches that mean this environment, too. */
  readonly aliases?: readonly string[];
  /** Seconds that a worker may take until it has connected. Default 60. */
  readonly startSeconds?: number;
}

/** Workers as processes of this machine: forked from warm ones on Linux, started afresh elsewhere. */
export function localEnvironment({
  log,
  folder: given,
  aliases = ["default", "docker", "kubernetes", "k8s", "openshift", "container", "docker-local", "kubernetes-local"],
  startSeconds = 60,
}: LocalOptions): Environment {
  // Short, because the path of a unix socket holds 104 bytes at most; private, because who connects is believed.
  const folder = given ?? mkdtempSync(join(tmpdir(), "cb-"));
  const warm = new WarmProcesses(folder, log);
  /** Those that have not connected yet, too. */
  const processes = new Set<StartedProcess>();
  const starting = new Set<Promise<unknown>>();
  const spares = new Spares(async (spec) =>
    usesWarm(spec) && (await warm.find(spec.warm)) && !isClosed ? await start(spec, true) : undefined,
  );
  let count = 0;
  let isClosed = false;

  return {
    name: "local",
    aliases,

    async prepare(spec) {
      if (usesWarm(spec)) await warm.find(spec.warm);
    },

    async start(spec) {
      if (isClosed) throw new Stopping();
      return (usesWarm(spec) && spares.take(spec)) || (await start(spec));
    },

    async [Symbol.asyncDispose]() {
      isClosed = true;
      spares.close();
      await warm[Symbol.asyncDispose]();
      while (processes.size > 0 || starting.size > 0) {
        await Promise.all([...processes].map((each) => each.kill()));
        await Promise.race([Promise.allSettled(starting), sleep(LOOK_MS)]);
      }
      if (given === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };

  async function start(spec: WorkerSpec, mustFork = false): Promise<RunningWorker> {
    const started = startAt(spec, join(folder, String(++count)), mustFork);
    starting.add(started);
    return await started.finally(() => starting.delete(started));
  }

  async function startAt(spec: WorkerSpec, place: string, mustFork: boolean): Promise<RunningWorker> {
    const output = `${place}.log`;
    await using listening = await listenOnce(`${place}.sock`);
    const mark = `COMPUTE_BRIDGE_SOCKET=${place}.sock`;
    const process = await launch(spec, { ...spec.env, COMPUTE_BRIDGE_SOCKET: `${place}.sock` }, output, mark, mustFork);
    processes.add(process);
    void process.ended.then(() => processes.delete(process));
    if (isClosed) await process.kill();
    const late = Promise.withResolvers<string>();
    const timer = setTimeout(late.resolve, startSeconds * 1000, `it took longer than ${startSeconds} s to connect`);
    const stream = await Promise.race([listening.connection, process.ended, late.promise]);
    clearTimeout(timer);
    if (typeof stream !== "string") return runningWorker(process, stream, output, `${place}.sock`);
    await process.kill();
    const tail = lastLines(output);
    rmSync(output, { force: true });
    throw new WorkerLost(`it did not start: ${stream}`, tail);
  }

  async function launch(
    spec: WorkerSpec,
    env: Readonly<Record<string, string>>,
    output: string,
    mark: string,
    mustFork: boolean,
  ): Promise<StartedProcess> {
    const parent = usesWarm(spec) ? await warm.find(spec.warm) : undefined;
    const forked = await parent?.fork({ ...spec, env }, output, mark).catch((error: Error) => {
      if (isClosed) return;
      log.warn(
        { worker: spec.label, err: error },
        mustFork ? "a spare could not be forked" : "a worker could not be forked and is started afresh",
      );
    });
    if (isClosed && !forked) throw new Stopping();
    if (mustFork && !forked) throw new WorkerLost("a spare could not be forked", "");
    return forked ?? spawnProcess(spec.command, { env, folder: spec.folder, output, mark });
  }

  function runningWorker(process: StartedProcess, stream: Duplex, output: string, socket: string): RunningWorker {
    stream.on("error", () => {}); // whoever reads it is told by its close
    let tail: string | undefined;
    const priority = new WorkerPriority(process.pid);
    const memory = new OwnMemory(process.pid);
    const ended = process.ended.then((how) => {
      priority[Symbol.dispose]();
      tail = lastLines(output);
      for (const file of [output, `${socket}.data`, `${socket}.data.ready`, `${socket}.permits`]) remove(file);
      // What it said last is read still, unless nobody does.
      setTimeout(() => stream.destroy(), LAST_WORDS_MS).unref();
      return how;
    });
    return {
      pid: process.pid,
      stream,
      interrupt: () => process.interrupt(),
      lower: (work) => priority.lower(work),
      kill: async () => {
        await process.kill();
        stream.destroy();
      },
      openPermits: () => PipePermits.open(`${socket}.permits`),
      memory: (isRough) => (tail === undefined ? memory.bytes(isRough) : Promise.resolve(0)),
      activity: () => activityOf(process.pid),
      tail: () => tail ?? lastLines(output),
      ended,
    };
  }
}

/** What cannot be removed now goes with the folder. */
function remove(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // Nobody waits for it.
  }
}

/** Forking after heavy imports is safe on Linux alone. */
function usesWarm(spec: WorkerSpec): spec is WorkerSpec & Required<Pick<WorkerSpec, "warm">> {
  return spec.warm !== undefined && process.platform === "linux";
}
