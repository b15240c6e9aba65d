import { cp, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { dsdlBody, dsdlWay } from "./dsdl-way.ts";
import { fitAll, peerFile, startPeer } from "./peer.ts";
import { algorithmNames, fittedNames, type Side, type SideParts } from "./side.ts";

const TOKEN = "a-token-of-the-benchmark";

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
  await writeModules(srv);
  const app = checkout ? "app.main:app" : "server:app";
  const way = { ...dsdlWay(checkout ? "DSDL" : "DSDL stand-in", TOKEN), fitPath: () => "/fit" };
  const side = await startPeer({
    ...{ folder, way: { ...way, algorithms: algorithmNames }, health: "/summary", cwd: srv },
    env: { PYTHONPATH: checkout ? srv : `${peerFile("dsdl_stand_in")}:${srv}`, SRV: srv, api_token: TOKEN },
    command: (port) => {
      const options = ["--host", "127.0.0.1", "--port", String(port), "--workers", "1", "--loop", "asyncio", "--http", "h11"];
      return [python, "-m", "uvicorn", app, ...options];
    },
    prepare: (url) => fitAll(url, way, fittedNames, train),
  });
  return { ...side, saved: savesOf(srv, side) };
}

/** The algorithms as modules, with `/srv/` taken to be the folder. */
export async function writeModules(srv: string): Promise<void> {
  for (const name of algorithmNames) {
    const source = await readFile(join(import.meta.dirname, "../algorithms", `${name}.py`), "utf8");
    await writeFile(join(srv, "app/model", `${name}.py`), source.replaceAll("/srv/", `${srv}/`));
  }
}

/**
 * Writes a module and makes it the one that is called, which takes a fit here, and two where another algorithm was fitted
 * last. DSDL's export of the notebook, which takes seconds before that, is not in it.
 */
function savesOf(srv: string, { url, ways: [way] }: Side): () => Promise<number> {
  let saves = 0;
  return async () => {
    if (!way) throw new Error("DSDL has no way.");
    const file = join(srv, "app/model/saved.py");
    const source = await readFile(join(import.meta.dirname, "../algorithms/trivial.py"), "utf8");
    const number = saves++;
    // Python compares a module's age in whole seconds and its size: text of another length is another module.
    await writeFile(
      `${file}.new`,
      `${source.replace("    return df\n", `    return df.assign(saved=${number})\n`)}#${"#".repeat(number)}\n`,
    );
    await rename(`${file}.new`, file);
    const began = performance.now();
    const rows = "a\n1\n";
    const body = dsdlBody({ algorithm: "trivial", model: "a" }, rows).replaceAll('"trivial"', '"saved"');
    const ask = async (path: string) => await (await fetch(url + path, { method: "POST", headers: way.headers, body })).text();
    while (!(await ask("/apply")).includes(`1,${number}\\n`)) {
      const said = await ask("/fit");
      if (JSON.parse(said).status !== "success") throw new Error(`the saved module could not be fitted: ${said}`);
    }
    return performance.now() - began;
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
