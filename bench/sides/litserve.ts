import { peerFile, startPeer } from "./peer.ts";
import type { Side, SideParts } from "./side.ts";

const KEY = "a-key-of-the-benchmark";

/** LitServe with its own defaults: one worker process for each algorithm. */
export function startLitServe({ folder, python, train }: SideParts): Promise<Side> {
  return startPeer({
    folder,
    way: {
      ...{ name: "LitServe", form: "json", headers: { "x-api-key": KEY, "content-type": "application/json" } },
      path: ({ algorithm }) => `/${algorithm}`,
      body: (_asked, csv) => JSON.stringify({ data: csv }),
    },
    health: "/health",
    env: { LIT_SERVER_API_KEY: KEY },
    command: (port) => [python, peerFile("litserve_peer/server.py"), String(port), train.a],
  });
}
