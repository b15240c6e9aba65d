import type { Jupyter } from "../server/jupyter/start.ts";

/** A bridge in this process: what server/main.ts gives to the command line and the demo. */
export interface RunningBridge {
  /** Such as `http://127.0.0.1:5000`. */
  readonly url: string;
  readonly token: string;
  /** Opens the description of the API in a browser; good once, for ten minutes. */
  docsAddress(): string;
  readonly jupyter: Jupyter | undefined;
  /** Calls under way finish, then everything that was started ends. */
  close(): Promise<void>;
}

type Env = Readonly<Record<string, string | undefined>>;

/** The server is loaded only by the commands that need it. @throws BridgeError when the configuration or a port is wrong */
export async function startBridge(env: Env): Promise<RunningBridge> {
  const server: { main(env: Env): Promise<RunningBridge> } = await import(new URL("../server/main.ts", import.meta.url).href);
  return server.main(env);
}

/** Resolves at the first SIGINT or SIGTERM; a second one ends the process at once. */
export function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((stop) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(130));
        stop(signal);
      });
    }
  });
}
