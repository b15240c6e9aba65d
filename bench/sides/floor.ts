import { join } from "node:path";
import { freePort, start, untilAnswers } from "../started.ts";
import type { Side, SideParts, Way } from "./side.ts";

const peers = join(import.meta.dirname, "../peers");

/** No peer: the least that HTTP, the kernel and the load generator cost on this machine. It knows the echo alone. */
export function startFloor({ folder }: SideParts): Promise<Side> {
  return started(folder, { name: "bare node:http", kinds: ["small", "flood", "large"] }, (port) => ["floor.ts", port]);
}

/** The same with a process of its own for the code, which does nothing: what a bridge could at best be. */
export function startFloorWithWorker({ folder, python }: SideParts): Promise<Side> {
  const socket = join(folder, "floor.sock");
  const way = { name: "bare node:http and worker", kinds: ["small", "flood"] } as const;
  return started(folder, way, (port) => ["floor-with-worker.ts", port, python, socket]);
}

async function started(
  folder: string,
  { name, kinds }: Required<Pick<Way, "name" | "kinds">>,
  program: (port: string) => readonly [string, ...string[]],
): Promise<Side> {
  const port = await freePort();
  const [server, ...rest] = program(String(port));
  const env = { PATH: process.env.PATH };
  const running = start({ command: [process.execPath, join(peers, server), ...rest], cwd: folder, env, log: join(folder, "log.txt") });
  const url = `http://127.0.0.1:${port}`;
  try {
    await untilAnswers(running, url, {});
  } catch (error) {
    await running[Symbol.asyncDispose]();
    throw error;
  }
  const way: Way = {
    ...{ name, form: "csv", models: ["a"], algorithms: ["trivial"], kinds, headers: {} },
    path: () => "/",
    body: (_asked, csv) => csv,
  };
  return {
    ...{ url, pid: running.pid, ways: [way] },
    health: { path: "/", headers: {} },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}
