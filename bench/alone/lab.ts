import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { startBridge } from "../growth/bridge.ts";
import { root } from "../places.ts";
import { followEvents } from "../sides/bridge-events.ts";
import { notebookFrom } from "../sides/bridge-home.ts";
import { percentile } from "../summary.ts";
import { turnOf } from "../turns/turn.ts";
import type { Taken } from "./taken.ts";

/** The first saves compile what all later ones run. */
const FIRST_SAVES = 5;
const LAB_SECONDS = 90;
/** Between saves: people save no faster, and the worker of the next version is forked meanwhile. */
const PAUSE_MS = 200;

/**
 * Notebooks saved through JupyterLab's own API, which has its hooks called before and after it writes. Counted from the file's last
 * byte, whose time the system tells in steps of up to 4 ms; how long the whole save took stands beside it.
 */
export async function takeLab({ saves }: { readonly saves: number }): Promise<Taken> {
  const folder = await mkdtemp(join(tmpdir(), "bench-lab-"));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const home = join(folder, "home");
  const jupyter = process.env.BRIDGE_JUPYTER || join(root, ".python/jupyter/bin/jupyter");
  const bridge = stack.use(await startBridge(home, { BRIDGE_JUPYTER: jupyter, BRIDGE_JUPYTER_PORT: "0" }));
  await bridge.add(["saved"]);
  const lab = await labOf(bridge, home);
  const events = stack.use(await followEvents(bridge.target.url, bridge.target.headers));
  const took: number[] = [];
  const answered: number[] = [];
  for (let save = 0; save < FIRST_SAVES + saves; save++) {
    const live = events.live("saved").then(() => performance.timeOrigin + performance.now());
    live.catch(() => {}); // awaited below
    const content = await notebookFrom("trivial", (source) => source.replace("    return df\n", `    return df.assign(saved=${save})\n`));
    const began = performance.now();
    await lab.put("saved.ipynb", content);
    const answer = performance.now() - began;
    const isLive = await live;
    const { mtimeMs } = await stat(join(home, "notebooks/saved.ipynb"));
    if (save >= FIRST_SAVES) {
      took.push(isLive - mtimeMs);
      answered.push(answer);
    }
    await sleep(PAUSE_MS);
  }
  const figures = { "p50 ms": percentile(took, 50), "p99 ms": percentile(took, 99), "save answered p50 ms": percentile(answered, 50) };
  return { "bridge, JupyterLab": turnOf({ ...figures, saves: took.length }) };
}

/** JupyterLab, once the bridge has started it. @throws Error when that takes too long, or it refuses a save */
async function labOf(bridge: Awaited<ReturnType<typeof startBridge>>, home: string) {
  const token = async () => (await readFile(join(home, ".bridge/jupyter/token"), "utf8")).trim();
  for (const end = performance.now() + LAB_SECONDS * 1000; performance.now() < end; await sleep(200)) {
    const { editor } = z.object({ editor: z.string().nullable() }).parse(await bridge.get("/v1/algorithms/saved"));
    if (editor === null) continue;
    const { origin } = new URL(editor);
    const headers = { authorization: `token ${await token()}`, "content-type": "application/json" };
    const status = await fetch(`${origin}/api/status`, { headers }).catch(() => undefined);
    if (!status?.ok) continue;
    return {
      async put(path: string, content: unknown): Promise<void> {
        const body = JSON.stringify({ type: "notebook", format: "json", content });
        const answer = await fetch(`${origin}/api/contents/${path}`, { method: "PUT", headers, body });
        const said = await answer.text();
        if (!answer.ok) throw new Error(`JupyterLab did not save ${path}: ${said}`);
      },
    };
  }
  throw new Error("JupyterLab did not start; `node bin/setup.mjs` installs it.");
}
