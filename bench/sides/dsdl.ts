import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort, start, untilAnswers } from "../started.ts";
import { dsdlBody, dsdlWay } from "./dsdl-way.ts";
import { algorithmNames, modelNames, type Side, type SideParts } from "./side.ts";

const TOKEN = "a-token-of-the-benchmark";
const standIn = join(import.meta.dirname, "../peers/dsdl_stand_in");

/**
 * DSDL's server: the stand-in, or DSDL's own `app/main.py` from a checkout of its container's repository. uvicorn runs
 * as there: one worker, its plain event loop and parser, which is what `uvicorn` without extras installs.
 *
 * @param python of the peers' environment
 * @param checkout undefined: the stand-in
 */
export async function startDsdl({ folder, python, train }: SideParts, checkout?: string): Promise<Side> {
  const srv = join(folder, "srv");
  await mkdir(join(srv, "app/model/data"), { recursive: true });
  await mkdir(join(srv, "notebooks/data"), { recursive: true });
  if (checkout) await copyWithPaths(checkout, srv);
  for (const name of algorithmNames) {
    const source = await readFile(join(import.meta.dirname, "../algorithms", `${name}.py`), "utf8");
    await writeFile(join(srv, "app/model", `${name}.py`), source.replaceAll("/srv/", `${srv}/`));
  }
  const port = await freePort();
  const app = checkout ? "app.main:app" : "server:app";
  const options = ["--host", "127.0.0.1", "--port", String(port), "--workers", "1", "--loop", "asyncio", "--http", "h11"];
  const path = checkout ? srv : `${standIn}:${srv}`;
  const env = { PATH: process.env.PATH, PYTHONPATH: path, PYTHONDONTWRITEBYTECODE: "1", SRV: srv, api_token: TOKEN };
  const started = start({ command: [python, "-m", "uvicorn", app, ...options], cwd: srv, env, log: join(folder, "log.txt") });
  const url = `http://127.0.0.1:${port}`;
  const way = dsdlWay(checkout ? "DSDL" : "DSDL stand-in", TOKEN);
  try {
    await untilAnswers(started, `${url}/summary`, way.headers);
    for (const algorithm of algorithmNames) {
      for (const model of modelNames) {
        const body = dsdlBody({ algorithm, model }, await readFile(train[model], "utf8"));
        const answer = await fetch(`${url}/fit`, { method: "POST", headers: way.headers, body });
        const said = await answer.text();
        if (JSON.parse(said).status !== "success") throw new Error(`${way.name} could not fit ${algorithm}: ${said}`);
      }
    }
  } catch (error) {
    await started[Symbol.asyncDispose]();
    throw error;
  }
  return {
    ...{ url, pid: started.pid, ways: [way] },
    health: { path: "/summary", headers: way.headers },
    [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
  };
}

/** DSDL's own code, with its `/srv/` taken to be our folder. Its models are left away: only ours are called. */
async function copyWithPaths(checkout: string, srv: string): Promise<void> {
  const isWanted = (source: string) => !source.startsWith(join(checkout, "app/model/"));
  await cp(join(checkout, "app"), join(srv, "app"), { recursive: true, filter: isWanted });
  const main = join(srv, "app/main.py");
  const source = await readFile(main, "utf8");
  await writeFile(main, source.replaceAll("/srv/", `${srv}/`));
}
