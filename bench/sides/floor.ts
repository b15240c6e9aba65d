import { join } from "node:path";
import { freePort, start, untilAnswers } from "../started.ts";
import type { Side, SideParts, Way } from "./side.ts";

/** No peer: the least that HTTP, the kernel and the load generator cost on this machine. It knows the echo alone. */
export async function startFloor({ folder }: SideParts): Promise<Side> {
  const port = await freePort();
  const server = join(import.meta.dirname, "../peers/floor.ts");
  const env = { PATH: process.env.PATH };
  const started = start({ command: [process.execPath, server, String(port)], cwd: folder, env, log: join(folder, "log.txt") });
  const url = `http://127.0.0.1:${port}`;
  try {
    await untilAnswers(started, url, {});
  } catch (error) {
    await started[Symbol.asyncDispose]();
    throw error;
  }
  const way: Way = {
    ...{ name: "bare node:http", form: "csv", models: ["a"], algorithms: ["trivial"], kinds: ["small", "flood", "large"], headers: {} },
    path: () => "/",
    body: (_asked, csv) => csv,
  };
  return {
    ...{ url, pid: started.pid, ways: [way] },
    health: { path: "/", headers: {} },
    [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
  };
}
