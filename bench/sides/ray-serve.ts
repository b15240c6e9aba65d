import { numbersOf } from "../load/values.ts";
import { peerFile, startPeer } from "./peer.ts";
import type { Side, SideParts } from "./side.ts";

/** Ray Serve with its own defaults: one replica of each algorithm behind its proxy. */
export function startRayServe({ folder, python, train }: SideParts): Promise<Side> {
  return startPeer({
    folder,
    way: {
      ...{ name: "Ray Serve", form: "columns", headers: { "content-type": "application/json" } },
      path: ({ algorithm }) => `/${algorithm}`,
      body: (_asked, csv) => JSON.stringify(numbersOf(csv)),
    },
    health: "/-/healthz",
    env: { RAY_USAGE_STATS_ENABLED: "0" },
    command: (port) => [python, peerFile("ray_serve_peer/server.py"), String(port), train.a, folder],
  });
}
