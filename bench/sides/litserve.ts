import { join } from "node:path";
import { freePort, start, untilAnswers } from "../started.ts";
import { algorithmNames, type Side, type SideParts, type Way } from "./side.ts";

const KEY = "a-key-of-the-benchmark";
const server = join(import.meta.dirname, "../peers/litserve_peer/server.py");

/** LitServe with its own defaults: one worker process for each algorithm, and model `a` of each. */
export async function startLitServe({ folder, python, train }: SideParts): Promise<Side> {
  const port = await freePort();
  const env = { PATH: process.env.PATH, PYTHONDONTWRITEBYTECODE: "1", HOME: folder, LIT_SERVER_API_KEY: KEY };
  const command = [python, server, String(port), train.a] as const;
  const started = start({ command, cwd: folder, env, log: join(folder, "log.txt") });
  const url = `http://127.0.0.1:${port}`;
  const headers = { "x-api-key": KEY, "content-type": "application/json" };
  const way: Way = {
    ...{ name: "LitServe", form: "json", models: ["a"], headers },
    path: ({ algorithm }) => `/${algorithm}`,
    body: (_asked, csv) => JSON.stringify({ data: csv }),
  };
  try {
    await untilAnswers(started, `${url}/health`, headers);
    for (const algorithm of algorithmNames) {
      const body = way.body({ algorithm, model: "a" }, "a,b,c,d\n1,2,3,4\n");
      const answer = await fetch(`${url}/${algorithm}`, { method: "POST", headers, body });
      if (!answer.ok) throw new Error(`LitServe could not apply ${algorithm}: ${await answer.text()}`);
      await answer.arrayBuffer();
    }
  } catch (error) {
    await started[Symbol.asyncDispose]();
    throw error;
  }
  return {
    ...{ url, pid: started.pid, ways: [way] },
    health: { path: "/health", headers },
    [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
  };
}
