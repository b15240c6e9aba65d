import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from "fastify";
import { serializerCompiler } from "fastify-type-provider-zod";
import type { Deletions } from "./compute/deletions.ts";
import { type HttpServerParts, httpServer } from "./http-server.ts";
import { allow, auth, callerOf } from "./plugins/auth.ts";
import { docs } from "./plugins/docs.ts";
import { answerBadAddress, errors } from "./plugins/errors.ts";
import type { Metrics } from "./plugins/metrics.ts";
import type { PathTokens } from "./plugins/path-tokens.ts";
import type { Sessions } from "./plugins/sessions.ts";
import { stopping } from "./plugins/stopping.ts";
import type { TokenNames } from "./plugins/tokens.ts";
import type { UserTokens } from "./plugins/user-tokens.ts";
import { validating } from "./plugins/validating.ts";
import { type AlgorithmsRouteParts, algorithmsRoutes } from "./routes/algorithms.ts";
import { type ComputeRouteParts, computeRoutes } from "./routes/compute.ts";
import { datasetsRoutes } from "./routes/datasets.ts";
import { type DltkRouteParts, dltkRoutes } from "./routes/dltk.ts";
import { type DsdlRouteParts, dsdlRoutes } from "./routes/dsdl.ts";
import { eventsRoutes } from "./routes/events.ts";
import { type HealthRouteParts, healthRoutes } from "./routes/health.ts";
import { loginRoutes } from "./routes/login.ts";
import { metricsRoutes } from "./routes/metrics.ts";
import { modelsRoutes } from "./routes/models.ts";
import { type PartsRouteParts, partsRoutes } from "./routes/parts.ts";
import { runsRoutes } from "./routes/runs.ts";
import { type TokensRouteParts, tokensRoutes } from "./routes/tokens.ts";
import { versionsRoutes } from "./routes/versions.ts";
import type { Store } from "./store/store.ts";

export interface ServerParts {
  readonly store: Pick<Store, "algorithms" | "versions" | "models" | "datasets" | "runs" | "events">;
  readonly tokens: TokenNames;
  /** Another object after each change of the tokens. */
  readonly tokensState: () => object;
  readonly keptTokens: TokensRouteParts["kept"];
  readonly users: UserTokens;
  /** The name of the bridge's own token. */
  readonly owner: string;
  readonly sessions: Sessions;
  readonly paths: PathTokens;
  readonly metrics: Metrics;
  readonly version: string;
  readonly compute: Omit<ComputeRouteParts, "callerOf" | "allow">;
  readonly parts: PartsRouteParts["parts"];
  readonly left: PartsRouteParts["left"];
  readonly dsdl: Omit<DsdlRouteParts, "callerOf" | "version">;
  readonly dltk: Pick<DltkRouteParts, "notebooks">;
  readonly algorithms: Omit<AlgorithmsRouteParts, "algorithms" | "versions" | "remove">;
  readonly deletions: Deletions;
  readonly health: HealthRouteParts;
  readonly logger: FastifyBaseLogger;
  readonly tls: HttpServerParts["tls"];
}

/** Puts plugins and routes together and listens to nothing: tests call `inject` or listen themselves, `main.ts` listens. */
export async function buildServer(parts: ServerParts): Promise<FastifyInstance> {
  const { store, tokens, tokensState, users, sessions, paths, metrics, version, deletions } = parts;
  const app = Fastify({
    loggerInstance: parts.logger,
    // A line a call would cost more than the call: runs are in the store, failures are logged where they happen.
    logController: new LogController({ disableRequestLogging: true }),
    routerOptions: { maxParamLength: 2048 },
    frameworkErrors: answerBadAddress,
    return503OnClosing: false,
    serverFactory: (handler) => httpServer(handler, { tls: parts.tls }),
  });
  app.setValidatorCompiler(validating).setSerializerCompiler(serializerCompiler);
  await app.register(stopping);
  await app.register(auth({ tokens, tokensState, users, sessions, paths }));
  await app.register(errors);
  await app.register(docs({ version }));
  await app.register(computeRoutes({ ...parts.compute, callerOf, allow }));
  await app.register(partsRoutes({ parts: parts.parts, left: parts.left, newRunId: parts.compute.newRunId, callerOf, allow }));
  await app.register(dsdlRoutes({ ...parts.dsdl, callerOf, version }));
  await app.register(dltkRoutes({ ...parts.dsdl, ...parts.dltk, callerOf, version }));
  await app.register(algorithmsRoutes({ ...parts.algorithms, ...store, remove: deletions.algorithm }));
  await app.register(versionsRoutes({ ...store, remove: deletions.version }));
  await app.register(modelsRoutes({ ...store, remove: deletions.model }));
  await app.register(datasetsRoutes({ ...store, remove: deletions.dataset }));
  await app.register(tokensRoutes({ kept: parts.keptTokens, users, owner: parts.owner, callerOf }));
  await app.register(runsRoutes(store));
  await app.register(eventsRoutes(store));
  await app.register(healthRoutes(parts.health));
  await app.register(metricsRoutes({ metrics }));
  await app.register(loginRoutes({ exchange: (code) => sessions.exchange(code) }));
  return app;
}
