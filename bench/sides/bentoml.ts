import { peerFile, recordsOf, startPeer } from "./peer.ts";
import type { Side, SideParts } from "./side.ts";

/** BentoML with its own defaults: one worker process for all. */
export function startBentoMl({ folder, python, train }: SideParts): Promise<Side> {
  return startPeer({
    folder,
    way: {
      ...{ name: "BentoML", form: "records", headers: { "content-type": "application/json" } },
      path: ({ algorithm }) => `/${algorithm}`,
      body: (_asked, csv) => JSON.stringify({ frame: recordsOf(csv) }),
    },
    health: "/livez",
    env: { BENTOML_HOME: folder, BENTOML_DO_NOT_TRACK: "true", TRAIN: train.a },
    cwd: peerFile("bentoml_peer"),
    command: (port) => [python, "-m", "bentoml", "serve", "service:Algorithms", "--host", "127.0.0.1", "--port", String(port)],
  });
}
