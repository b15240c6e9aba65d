import { mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "#contract/edges.ts";
import { JupyterFailed } from "#contract/errors.ts";
import { writeJupyterFiles } from "./files.ts";
import { freePort } from "./port.ts";
import { type JupyterProcess, launchJupyter } from "./process.ts";
import { jupyterEnv } from "./process-env.ts";
import { findProgram } from "./program.ts";
import { listenForSaves } from "./saves.ts";
import { jupyterToken } from "./token.ts";

export interface JupyterOptions {
  /** `…/bin/jupyter` of JupyterLab's own environment. */
  readonly jupyter: string;
  /** The Python of the models' environment: what kernels run. */
  readonly python: string;
  /** BRIDGE_HOME. Notebooks are in `notebooks`, what Jupyter keeps in `.bridge/jupyter`. */
  readonly home: string;
  /** 0: a free one, the same again after a restart. */
  readonly port: number;
  readonly log: Log;
  /** The variables that there are; JupyterLab sees those of the machine alone (process-env.ts). */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A notebook is about to be written through Jupyter: its absolute path, and all of it that an export depends on. */
  readonly onSaving?: (path: string, notebook: unknown) => void;
  /** A notebook was written through Jupyter, about a millisecond ago. Absolute path. A hint: files change by other ways too. */
  readonly onSave?: (path: string) => void;
  /** A private folder with a short path, for the socket that tells of saves. Default: one of its own. */
  readonly folder?: string;
  /** Ends every process whose environment holds a text: kernels and terminals outlive a JupyterLab that is killed. Default: nothing does. */
  readonly endMarked?: (mark: string) => Promise<void>;
}

/** JupyterLab, running until it is disposed of: started again when it dies. */
export interface Jupyter extends AsyncDisposable {
  readonly port: number;
  readonly token: string;
  /** Where a browser opens Lab, token included. For the terminal of who started the bridge, not for logs. */
  address(): string;
  /** Where a browser that is signed in (see `address`) edits a notebook. @param notebook relative to the notebooks folder */
  editorAddress(notebook: string): string;
  /** Whether it answers now. */
  ready(): boolean;
}

const readyWithinMs = 90_000;
const restart = { firstMs: 500, mostMs: 30_000, forgottenAfterMs: 60_000 };

/** @throws JupyterFailed when the port is taken or JupyterLab does not come up; a later death is mended here and thrown nowhere. */
export async function startJupyter(options: JupyterOptions): Promise<Jupyter> {
  const { home, log } = options;
  const variables = options.env ?? process.env;
  const python = findProgram(options.python, variables.PATH);
  const interpreter = join(dirname(findProgram(options.jupyter, variables.PATH)), "python");
  const folder = join(home, ".bridge", "jupyter");
  for (const each of [folder, join(home, "notebooks")]) await mkdir(each, { recursive: true });
  const port = await freePort(options.port);
  const files = await writeJupyterFiles(folder, home, python);
  const token = await jupyterToken(folder);
  const saves = await listenForSaves(options, options.folder);
  // Every kernel, terminal and what they start inherit the socket's path; nothing else has it.
  const endLeftovers = async () => {
    await options.endMarked?.(`BRIDGE_SAVES_SOCKET=${saves.path}`);
    // What a killed JupyterLab knew of itself and its kernels: secrets of connections that are closed.
    await rm(files.runtime, { recursive: true, force: true });
    await mkdir(files.runtime, { recursive: true });
  };
  await endLeftovers();

  const root = `http://127.0.0.1:${port}`;
  const env = jupyterEnv(variables, files, saves.path, python);
  const launch = (): JupyterProcess =>
    launchJupyter(interpreter, [`--ServerApp.port=${port}`], env, token, (line) => log.info({ from: "jupyter" }, line));

  const stopped = new AbortController();
  let current = launch();
  let ready = await answers(root, token, current, stopped.signal);
  if (!ready) {
    await current.stop();
    await endLeftovers();
    await saves[Symbol.asyncDispose]();
    throw new JupyterFailed(`JupyterLab did not start: ${await current.ended}. It wrote last: ${current.tail()}`);
  }

  const watching = (async () => {
    for (let delay = restart.firstMs; ; delay = Math.min(delay * 2, restart.mostMs)) {
      const since = performance.now();
      const how = await current.ended;
      ready = false;
      await endLeftovers();
      if (stopped.signal.aborted) return;
      if (performance.now() - since > restart.forgottenAfterMs) delay = restart.firstMs;
      log.error({ how, againInMs: delay }, "JupyterLab ended and is started again");
      await sleep(delay, undefined, { signal: stopped.signal }).catch(() => {});
      if (stopped.signal.aborted) return;
      current = launch();
      ready = await answers(root, token, current, stopped.signal);
      if (!ready) await current.stop();
    }
  })();

  return {
    port,
    token,
    address: () => `${root}/lab?token=${token}`,
    editorAddress: (notebook) => `${root}/lab/tree/${notebook.split("/").map(encodeURIComponent).join("/")}`,
    ready: () => ready,
    async [Symbol.asyncDispose]() {
      stopped.abort();
      await current.stop();
      await watching;
      await saves[Symbol.asyncDispose]();
    },
  };
}

/** True as soon as it answers with our token; false when it ended, or did not within the time. */
async function answers(root: string, token: string, launched: JupyterProcess, stopped: AbortSignal): Promise<boolean> {
  let gone = false;
  launched.ended.then(() => {
    gone = true;
  });
  const headers = { authorization: `token ${token}` };
  for (const end = performance.now() + readyWithinMs; performance.now() < end && !gone && !stopped.aborted; ) {
    const answer = await fetch(`${root}/api/status`, { headers, signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.ok) return true;
    await sleep(100);
  }
  return false;
}
