import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { numbersOf } from "../load/values.ts";
import { freePort, type Start, start, untilAnswers } from "../started.ts";
import { type Asked, type Side, type SideParts, servedNames, type Way } from "./side.ts";

/** Paths of the peers' files. */
export const peerFile = (...path: string[]): string => join(import.meta.dirname, "../peers", ...path);

export interface Peer extends Pick<SideParts, "folder"> {
  readonly way: Omit<Way, "models" | "algorithms"> & Partial<Pick<Way, "models" | "algorithms">>;
  readonly health: string;
  /** Environment beyond PATH and HOME. */
  readonly env?: NodeJS.ProcessEnv;
  readonly command: (port: number) => Start["command"];
  readonly cwd?: string;
  /** Fits and the like, once it answers. */
  readonly prepare?: (url: string) => Promise<void>;
}

/** Starts a server of Python that knows model `a` of each algorithm (unless said), and calls each once. */
export async function startPeer({ folder, way: said, health, env = {}, command, cwd = folder, prepare }: Peer): Promise<Side> {
  const port = await freePort();
  const all = { PATH: process.env.PATH, PYTHONDONTWRITEBYTECODE: "1", HOME: folder, ...env };
  const started = start({ command: command(port), cwd, env: all, log: join(folder, "log.txt") });
  const url = `http://127.0.0.1:${port}`;
  const way: Way = { models: ["a"], algorithms: servedNames, ...said };
  const side: Side = {
    ...{ url, pid: started.pid, ways: [way], health: { path: health, headers: way.headers } },
    [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
  };
  try {
    await untilAnswers(started, url + health, { headers: way.headers });
    await prepare?.(url);
    for (const algorithm of way.algorithms ?? []) {
      const asked: Asked = { algorithm, model: "a" };
      const body = way.body(asked, "a,b,c,d\n1.5,2.5,3.5,4.5\n");
      await untilAnswers(started, url + way.path(asked), { method: "POST", headers: way.headers, body });
    }
  } catch (error) {
    await side[Symbol.asyncDispose]();
    throw error;
  }
  return side;
}

/** A DSDL-like server's own fits: the same for all that speak its JSON. @throws Error with what it said */
export async function fitAll(url: string, way: Way, algorithms: readonly Asked["algorithm"][], train: SideParts["train"]): Promise<void> {
  for (const algorithm of algorithms) {
    for (const model of way.models) {
      const asked: Asked = { algorithm, model };
      const body = way.body(asked, await readFile(train[model], "utf8"));
      const answer = await fetch(`${url}/fit`, { method: "POST", headers: way.headers, body });
      const said = await answer.text();
      if (JSON.parse(said).status !== "success") throw new Error(`${way.name} could not fit ${algorithm}: ${said}`);
    }
  }
}

/** Rows as an object a row. */
export function recordsOf(csv: string): Record<string, number>[] {
  const columns = Object.entries(numbersOf(csv));
  return (columns[0]?.[1] ?? []).map((_, row) => Object.fromEntries(columns.map(([name, values]) => [name, values[row] ?? 0])));
}
