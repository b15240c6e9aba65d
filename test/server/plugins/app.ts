import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Fastify, { type FastifyInstance } from "fastify";
import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import { auth } from "../../../server/plugins/auth.ts";
import { docs } from "../../../server/plugins/docs.ts";
import { answerBadAddress, errors } from "../../../server/plugins/errors.ts";
import { createMetrics } from "../../../server/plugins/metrics.ts";
import { Sessions } from "../../../server/plugins/sessions.ts";
import { tokenNames } from "../../../server/plugins/tokens.ts";
import { type AlgorithmsRouteParts, algorithmsRoutes } from "../../../server/routes/algorithms.ts";
import { datasetsRoutes } from "../../../server/routes/datasets.ts";
import { eventsRoutes } from "../../../server/routes/events.ts";
import { type HealthRouteParts, healthRoutes } from "../../../server/routes/health.ts";
import { loginRoutes } from "../../../server/routes/login.ts";
import { metricsRoutes } from "../../../server/routes/metrics.ts";
import { modelsRoutes } from "../../../server/routes/models.ts";
import { runsRoutes } from "../../../server/routes/runs.ts";
import { versionsRoutes } from "../../../server/routes/versions.ts";
import { openStore } from "../../../server/store/open.ts";
import type { Store } from "../../../server/store/store.ts";
import { quietLog, steppingClock } from "../store/store-suite.ts";

export const token = "a-token-of-the-tests";
export const bearer = { authorization: `Bearer ${token}` };

export interface TestApp extends AsyncDisposable {
  readonly app: FastifyInstance;
  readonly store: Store;
  readonly sessions: Sessions;
  /** Every route that was added, as `VERB address`. */
  readonly routes: readonly string[];
  /** Lets the clock of sessions advance. */
  pass(ms: number): void;
}

export interface TestAppParts extends Partial<Pick<AlgorithmsRouteParts, "create">>, Partial<HealthRouteParts> {
  readonly heartbeatMs?: number;
  /** Adds routes of the test's own. */
  readonly more?: (app: FastifyInstance) => void;
}

/** All plugins and read routes on a real store in a folder of its own. */
export async function testApp({ create, ready, heartbeatMs = 60_000, more }: TestAppParts = {}): Promise<TestApp> {
  const folder = await mkdtemp(join(tmpdir(), "routes-"));
  const store = await openStore({ file: join(folder, "store.db"), clock: steppingClock(), log: quietLog });
  let ticks = 1;
  const sessions = new Sessions({ now: () => "2026-01-31T00:00:00.000Z", ticks: () => ticks });
  // Clients open connections in advance, and Node waits for those that never asked anything.
  const app = Fastify({ forceCloseConnections: true, routerOptions: { maxParamLength: 2048 }, frameworkErrors: answerBadAddress });
  app.setValidatorCompiler(validatorCompiler).setSerializerCompiler(serializerCompiler);
  const routes: string[] = [];
  app.addHook("onRoute", ({ method, url }) => void routes.push(...[method].flat().map((each) => `${each} ${url}`)));
  const { algorithms, versions, models, datasets, runs, events } = store;
  await app.register(auth({ tokens: tokenNames([{ name: "tests", token }]), sessions }));
  await app.register(errors);
  await app.register(docs({ version: "1.2.3" }));
  const editorAddress = (notebook: string) => `http://127.0.0.1:8888/lab/tree/${encodeURIComponent(notebook)}`;
  const none: AlgorithmsRouteParts["create"] = async () => Promise.reject(new Error("this test creates nothing"));
  const refuse = async () => Promise.reject(new Error("this test deletes nothing"));
  app.register(algorithmsRoutes({ algorithms, versions, editorAddress, create: create ?? none, remove: refuse }));
  app.register(versionsRoutes({ versions, remove: refuse }));
  app.register(modelsRoutes({ models, remove: refuse }));
  app.register(datasetsRoutes({ datasets, remove: refuse }));
  app.register(runsRoutes({ runs }));
  app.register(eventsRoutes({ events, heartbeatMs }));
  app.register(healthRoutes({ ready: ready ?? (async () => []) }));
  app.register(metricsRoutes({ metrics: createMetrics() }));
  app.register(loginRoutes({ exchange: (code) => sessions.exchange(code) }));
  more?.(app);
  await app.ready();
  return {
    ...{ app, store, sessions, routes },
    pass(ms) {
      ticks += ms;
    },
    async [Symbol.asyncDispose]() {
      await app.close();
      await store[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}
