import type { RunningBridge } from "../server/main.ts";
import { collectBuffersEarly } from "./young-buffers.ts";

export type { RunningBridge };

/** The server is loaded only by the commands that need it. @throws BridgeError when the configuration or a port is wrong */
export async function startBridge(env: NodeJS.ProcessEnv): Promise<RunningBridge> {
  collectBuffersEarly();
  const { main } = await import("../server/main.ts");
  return main(env);
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
