import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Server as TlsServer } from "node:tls";
import type { FastifyInstance } from "fastify";
import { pino } from "pino";
import type { Log } from "#contract/edges.ts";
import { startCheck } from "../notebook-exporter/check.ts";
import { allRuntimes } from "../runtimes/index.ts";
import { systemClock } from "./clock.ts";
import { openAnswers } from "./compute/answers-kept.ts";
import { computeWith } from "./compute/compute.ts";
import { createAlgorithmWith } from "./compute/create-algorithm.ts";
import { deletionsWith } from "./compute/deletions.ts";
import { deploymentNotebooks } from "./compute/deployment-notebooks.ts";
import { diskDetail } from "./compute/disk.ts";
import { exportingWith } from "./compute/exported-text.ts";
import { homeAt, prepareHome } from "./compute/home.ts";
import { claimHome } from "./compute/home-claim.ts";
import { endIdleParts } from "./compute/idle-parts.ts";
import { markOf } from "./compute/left-behind.ts";
import { LiveVersions } from "./compute/live-versions.ts";
import { openNotebookVersions } from "./compute/notebook-versions.ts";
import { oldEndpoints } from "./compute/old-endpoints.ts";
import { partsWith } from "./compute/parts.ts";
import { startPublisher } from "./compute/publisher.ts";
import { retireWithOthers } from "./compute/retire.ts";
import { newRunId } from "./compute/run-id.ts";
import { type OnFinished, runRecorder } from "./compute/run-record.ts";
import { stageWith } from "./compute/stage.ts";
import { startsIn } from "./compute/starts.ts";
import { sweepHome } from "./compute/sweep.ts";
import { targetFinder } from "./compute/target.ts";
import { Uses } from "./compute/uses.ts";
import { keepWarm } from "./compute/warmth.ts";
import { BadConfig, type Config, readConfig } from "./config.ts";
import { environmentFinder } from "./environments/index.ts";
import { localEnvironment } from "./environments/local/environment.ts";
import { openRunFolder } from "./environments/local/run-folder.ts";
import { killMarked } from "./environments/local/session.ts";
import { lateJupyter } from "./jupyter/late.ts";
import type { Jupyter } from "./jupyter/start.ts";
import { openTokens } from "./plugins/kept-tokens.ts";
import { createMetrics } from "./plugins/metrics.ts";
import { pathTokens } from "./plugins/path-tokens.ts";
import { Sessions } from "./plugins/sessions.ts";
import { ownToken, signingKey, tokenNames } from "./plugins/tokens.ts";
import { userTokens } from "./plugins/user-tokens.ts";
import { buildServer } from "./server.ts";
import { openStore } from "./store/open.ts";
import { type Certificate, givenCertificate, ownCertificate } from "./tls/certificate.ts";
import { serverNames } from "./tls/names.ts";
import { cannotListen, tryAddress, tryPython } from "./try-settings.ts";
import { startPool } from "./workers/pool.ts";

/** How long a stop waits for calls under way. */
const DRAIN_SECONDS = 30;
/** How long connections may stay after the last call has ended. */
const LINGER_MS = 1000;
/** Who calls with the generated token. */
const OWNER = "own";
/** What the bridge that runs JupyterLab has claimed: of bridges that share a home one is enough. */
const JUPYTER = "jupyter";
const root = resolve(import.meta.dirname, "..");

/** A bridge that listens. */
export interface RunningBridge {
  readonly url: string;
  /** The generated token. */
  readonly token: string;
  /** Opens the description of the API in a browser; good once, for ten minutes. */
  docsAddress(): string;
  /** The file that clients must trust, where the bridge made its certificate itself. */
  readonly authority: string | null;
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
  // A request that breaks HTTP is logged with its bytes, in which its token may be.
  const logger = pino({ level: config.logLevel, redact: { paths: ["err.rawPacket"], remove: true } }, pino.destination(2));
  const log = logger;
  const clock = systemClock();

  await Promise.all([tryPython(config.python), tryAddress(config.host, config.port)]);

  await using stack = new AsyncDisposableStack();
  const folders = homeAt(config.home);
  await prepareHome(folders, join(root, "notebooks")).catch((error: unknown) => {
    throw new BadConfig(
      `BRIDGE_HOME is ${config.home}, which cannot be used: ${String(error)}. Give a folder that this user may write to.`,
    );
  });
  stack.use(await claimHome(folders.root, { isShared: config.store !== null }));
  // Before anything is swept: what a killed bridge left running could write it again.
  const runFolder = stack.use(await openRunFolder(folders.root));
  const place = config.store === null ? { file: join(folders.private, "store.sqlite") } : { url: config.store };
  const store = stack.use(await openStore({ ...place, clock, log, keepRuns: config.keepRuns }));
  const home = homeAt(config.home, markOf(store.bridges.own));
  await sweepHome(home, store, log);
  const token = await ownToken(home.root);
  const environment = stack.use(localEnvironment({ log, folder: runFolder.path }));
  const metrics = createMetrics();
  const onRestart = (reason: string) => metrics.workerRestarted(reason);
  const pool = stack.use(startPool({ queueLimit: config.queue, memoryBytes: config.memory, clock, log, onRestart }));
  const check = stack.use(startCheck({ python: config.python }));
  // One worker's models leave room for others.
  const runtimes = allRuntimes({ python: config.python, env, modelBytes: Math.floor(config.memory / 2) });
  const environmentOf = environmentFinder([environment]);
  const starts = startsIn(home, runtimes, environmentOf);
  void environment.prepare(starts.plain().spec);

  retireWithOthers(store, pool, starts, log);
  const versions = new LiveVersions(store);
  const publisher = stack.use(await startPublisher({ store, versions, pool, starts, check, home, watch: config.watch, clock, log }));
  stack.use(keepWarm({ store, pool, starts, home, log }));
  const isOurs = config.jupyter !== null && (await store.bridges.claim(JUPYTER)) !== undefined;
  const jupyter = isOurs ? stack.use(lateJupyter()) : undefined;
  const elsewhere = config.jupyter === null || isOurs ? undefined : await store.bridges.holder(JUPYTER);
  if (elsewhere !== undefined) log.info({ runs: elsewhere }, "JupyterLab runs with another bridge that shares this home");
  const notebooks = await deploymentNotebooks({
    ...{ store, home, jupyter, publisher, clock, log },
    versions: await openNotebookVersions(join(home.private, "dltk-notebooks.json"), log),
    exporting: exportingWith(store, home, check),
  });

  store.events.subscribe(({ kind, subject, data }) => {
    if (kind === "version.live") metrics.live(subject, String(data.version));
    else if (kind === "algorithm.deleted") metrics.live(subject, null);
  });
  metrics.watch(() => ({ queued: pool.snapshot().queues.reduce((sum, { waiting }) => sum + waiting, 0) }));
  const onFinished: OnFinished = ({ method, model, algorithm, version, seconds, rows }, _state, code) =>
    metrics.ended({ method, model: model && `${algorithm}/${model.name}`, version, code, seconds, rows });
  const runs = runRecorder(store, clock, log, onFinished);
  const algorithms = publisher.shown(store.algorithms);
  const targets = targetFinder({ ...store, algorithms }, publisher.settled, versions);
  const uses = new Uses();
  const shared = { uses, store, pool, starts, runs, home, timeout: config.timeout, log };
  const compute = computeWith({ ...shared, targets });
  const parts = partsWith({ ...shared, targets, clock, onFinished });
  const idle = stack.use(endIdleParts(store, clock, log));
  const stage = stageWith(shared);
  const answers = await openAnswers(home, { bridges: store.bridges, now: () => Date.now() });
  const sessions = new Sessions(clock);
  const given = [{ name: OWNER, token }, ...config.tokens];
  const fixed = tokenNames(given);
  const keptTokens = stack.use(await openTokens(home.root, [...given.map(({ name }) => name), "browser", "dltk"], clock.now, log));
  const key = await signingKey(home.root);
  const voucherOf = (name: string) => {
    const fixedOne = given.find((each) => each.name === name);
    // Made again under the same name it is another token.
    if (fixedOne) return createHmac("sha256", key).update(fixedOne.token).digest("base64url");
    return keptTokens.list().find((each) => each.name === name)?.createdAt;
  };
  const users = userTokens(key, voucherOf, () => Date.now());
  const runtimeNames = runtimes.map((each) => each.name);

  const certificate = config.tls && stack.use(await certificateFor(config.tls, config.host, home.private, log));
  const app = await buildServer({
    tls: certificate?.current() ?? null,
    store: { ...store, algorithms },
    tokens: (text) => fixed(text) ?? keptTokens.nameOf(text),
    tokensState: keptTokens.state,
    keptTokens,
    users,
    parts,
    left: idle.left,
    owner: OWNER,
    sessions,
    paths: pathTokens({ home: home.root, onRefused: metrics.pathTokenRefused, clock, log }),
    metrics,
    version: versionOf(root),
    compute: { compute, stage, runs, answers, newRunId },
    deletions: deletionsWith(shared),
    dsdl: { old: oldEndpoints({ ...shared, compute, stage }), newRunId },
    dltk: { notebooks },
    algorithms: {
      editorAddress: (notebook) => jupyter?.editorAddress(notebook) ?? null,
      create: createAlgorithmWith(
        home,
        join(root, "notebooks", "templates"),
        runtimeNames,
        jupyter,
        publisher,
        store.algorithms,
        environmentOf,
      ),
    },
    health: {
      ready: async () => [
        { name: "store", ...(await works(() => store.events.last())) },
        { name: "notebooks", ok: true, detail: publisher.leftOut().join(" ") },
        { name: "disk", ok: true, detail: await diskDetail(home.root) },
        { name: "jupyter", ok: true, detail: jupyterDetail(jupyter?.ready(), elsewhere) },
      ],
    },
    logger,
  });
  const address = join(home.private, "address");
  stack.defer(() => rm(address, { force: true }));
  stack.defer(() => closeServer(app));
  // Last in, first out: calls finish before the server closes, and everything else after it.
  stack.defer(() => pool.drain(DRAIN_SECONDS));
  certificate?.onRenewed((renewed) => {
    if (app.server instanceof TlsServer) app.server.setSecureContext(renewed);
  });
  const listening = await app.listen({ host: config.host, port: config.port }).catch((error: unknown) => {
    throw cannotListen(config.host, config.port, error) ?? error;
  });
  // Fastify knows nothing of what its server speaks.
  const url = certificate ? listening.replace(/^http:/, "https:") : listening;
  await writeFile(address, `${url}\n`, { mode: 0o600 });
  log.info({ url }, "the bridge listens");
  const lab =
    config.jupyter &&
    (await jupyter?.start({
      ...{ jupyter: config.jupyter.program, port: config.jupyter.port, python: config.python, home: home.root, log, env },
      ...{ folder: runFolder.path, endMarked: killMarked },
      onSaving: (path, notebook) => publisher.announced(path, notebook),
      onSave(path) {
        publisher.saved(path);
        notebooks.saved(path);
      },
    }));

  const running = stack.move();
  let closing: Promise<void> | undefined;
  return {
    url,
    token,
    authority: certificate?.authority ?? null,
    docsAddress: () => `${url}/login?code=${sessions.issue()}`,
    jupyter: lab ?? undefined,
    close: () => {
      closing ??= running.disposeAsync();
      return closing;
    },
  };
}

function certificateFor(tls: NonNullable<Config["tls"]>, host: string, folder: string, log: Log): Promise<Certificate> {
  const now = () => Date.now();
  if ("cert" in tls) return givenCertificate(tls.cert, tls.key, now, log);
  return ownCertificate(join(folder, "tls"), serverNames(host, tls.names), now, log);
}

/** Lets answers that are on their way go out; connections that stay open after that (event streams, idle clients) are cut. */
async function closeServer(app: FastifyInstance): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), LINGER_MS);
  await app.close();
  clearTimeout(timer);
}

/** Calls need no JupyterLab, so that it is never why the bridge is not ready. */
function jupyterDetail(isReady: boolean | undefined, elsewhere: string | undefined): string {
  if (isReady === undefined) return elsewhere === undefined ? "not started" : `runs with ${elsewhere}`;
  return isReady ? "" : "does not answer, or not yet: it is started again by itself";
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
