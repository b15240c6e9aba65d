import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { FastifyInstance } from "fastify";
import { pino } from "pino";
import { startCheck } from "../notebook-exporter/check.ts";
import { sweepUnwritten } from "../notebook-exporter/write.ts";
import { allRuntimes } from "../runtimes/index.ts";
import { openAnswers } from "./compute/answers-kept.ts";
import { computeWith } from "./compute/compute.ts";
import { createAlgorithmWith } from "./compute/create-algorithm.ts";
import { sweepDatasets } from "./compute/datasets.ts";
import { homeAt, prepareHome } from "./compute/home.ts";
import { claimHome } from "./compute/home-claim.ts";
import { sweepModelFolders } from "./compute/models.ts";
import { oldEndpoints } from "./compute/old-endpoints.ts";
import { startPublisher } from "./compute/publisher.ts";
import { newRunId } from "./compute/run-id.ts";
import { runRecorder } from "./compute/run-record.ts";
import { showUnshown } from "./compute/shows.ts";
import { stageWith } from "./compute/stage.ts";
import { startsIn } from "./compute/starts.ts";
import { targetFinder } from "./compute/target.ts";
import { readConfig } from "./config.ts";
import { environmentFinder } from "./environments/index.ts";
import { localEnvironment } from "./environments/local/environment.ts";
import { openRunFolder } from "./environments/local/run-folder.ts";
import { killMarked } from "./environments/local/session.ts";
import { type Jupyter, startJupyter } from "./jupyter/start.ts";
import { createMetrics } from "./plugins/metrics.ts";
import { Sessions } from "./plugins/sessions.ts";
import { ownToken, tokenNames } from "./plugins/tokens.ts";
import { buildServer } from "./server.ts";
import { openStore } from "./store/open.ts";
import { startPool } from "./workers/pool.ts";

/** How long a stop waits for calls under way. */
const DRAIN_SECONDS = 30;
/** How long connections may stay after the last call has ended. */
const LINGER_MS = 1000;
const root = resolve(import.meta.dirname, "..");

/** A bridge that listens. */
export interface RunningBridge {
  readonly url: string;
  /** The generated token. */
  readonly token: string;
  /** Opens the description of the API in a browser; good once, for ten minutes. */
  docsAddress(): string;
  readonly jupyter: Jupyter | undefined;
  /** Refuses new calls, lets those under way finish, ends all processes. */
  close(): Promise<void>;
}

/**
 * Starts everything. The only place with side effects of its own: whoever imports it decides about signals and output.
 *
 * @throws BadConfig; an error that says what could not be started. What was started before is ended.
 */
export async function main(env: NodeJS.ProcessEnv): Promise<RunningBridge> {
  const config = readConfig(env, { root });
  const logger = pino({ level: config.logLevel }, pino.destination(2));
  const log = logger;
  const clock = { now: () => new Date().toISOString(), ticks: () => performance.now() };
  for (const warning of config.warnings) log.warn(warning);

  await using stack = new AsyncDisposableStack();
  const home = homeAt(config.home);
  await prepareHome(home, join(root, "notebooks"));
  stack.use(await claimHome(home.root));
  // Before anything is swept: what a killed bridge left running could write it again.
  const runFolder = stack.use(await openRunFolder(home.root));
  await sweepUnwritten(home.model);
  await sweepModelFolders(home);
  await sweepDatasets(home);
  const token = await ownToken(home.root);
  const store = stack.use(await openStore({ file: join(home.private, "store.sqlite"), clock, log }));
  await showUnshown(store, home);
  const environment = stack.use(localEnvironment({ log, folder: runFolder.path }));
  const metrics = createMetrics();
  const onRestart = (reason: string) => metrics.workerRestarted(reason);
  const pool = stack.use(startPool({ queueLimit: config.queue, memoryBytes: config.memory, clock, log, onRestart }));
  const check = stack.use(startCheck({ python: config.python }));
  const runtimes = allRuntimes({ python: config.python, env });
  const starts = startsIn(home, runtimes, environmentFinder([environment]));
  void environment.prepare(starts.plain().spec);

  const publisher = stack.use(await startPublisher({ store, pool, starts, check, home, clock, log }));
  const jupyter = await startJupyterIf(config.jupyter, config.python, home.root, (path) => publisher.saved(path));
  if (jupyter) stack.use(jupyter);

  metrics.watch(() => ({ queued: pool.snapshot().queues.reduce((sum, { waiting }) => sum + waiting, 0) }));
  const runs = runRecorder(store, clock, log, ({ method, model, algorithm, version, seconds, rows }, _state, code) =>
    metrics.ended({ method, model: model && `${algorithm}/${model.name}`, version, code, seconds, rows }),
  );
  const targets = targetFinder(store, (algorithm, notebook) => publisher.settled(algorithm, notebook));
  const shared = { store, pool, starts, runs, home, timeout: config.timeout, log };
  const compute = computeWith({ ...shared, targets });
  const stage = stageWith(shared);
  const answers = await openAnswers(join(home.private, "answers"), { now: () => Date.now() });
  const sessions = new Sessions(clock);
  const runtimeNames = runtimes.map((each) => each.name);

  const app = await buildServer({
    store,
    tokens: tokenNames([{ name: "own", token }, ...config.tokens]),
    sessions,
    metrics,
    version: versionOf(root),
    compute: { compute, stage, answers, newRunId },
    dsdl: { old: oldEndpoints({ ...shared, compute, stage }), newRunId },
    algorithms: {
      editorAddress: (notebook) => jupyter?.editorAddress(notebook) ?? null,
      create: createAlgorithmWith(home, join(root, "notebooks", "templates"), runtimeNames, jupyter, publisher),
    },
    health: {
      ready: async () => [
        { name: "store", ...(await works(() => store.events.last())) },
        { name: "jupyter", ok: jupyter?.ready() ?? true, detail: jupyter ? "" : "not started" },
      ],
    },
    logger,
  });
  stack.defer(() => closeServer(app));
  // Last in, first out: calls finish before the server closes, and everything else after it.
  stack.defer(() => pool.drain(DRAIN_SECONDS));
  const url = await app.listen({ host: config.host, port: config.port });
  log.info({ url }, "the bridge listens");

  const running = stack.move();
  let closing: Promise<void> | undefined;
  return {
    url,
    token,
    docsAddress: () => `${url}/login?code=${sessions.issue()}`,
    jupyter,
    close: () => {
      closing ??= running.disposeAsync();
      return closing;
    },
  };

  async function startJupyterIf(wanted: typeof config.jupyter, python: string, folder: string, onSave: (path: string) => void) {
    if (!wanted) return undefined;
    const own = { folder: runFolder.path, endMarked: killMarked };
    return await startJupyter({ jupyter: wanted.program, python, home: folder, port: wanted.port, log, env, onSave, ...own });
  }
}

/** Lets answers that are on their way go out; connections that stay open after that (event streams, idle clients) are cut. */
async function closeServer(app: FastifyInstance): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), LINGER_MS);
  await app.close();
  clearTimeout(timer);
}

async function works(look: () => Promise<unknown>): Promise<{ ok: boolean; detail: string }> {
  try {
    await look();
    return { ok: true, detail: "" };
  } catch (error) {
    return { ok: false, detail: String(error) };
  }
}

function versionOf(folder: string): string {
  const { version }: { version: string } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return version;
}
