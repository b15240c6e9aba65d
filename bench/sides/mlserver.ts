import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { numbersOf } from "../load/values.ts";
import { freePort } from "../started.ts";
import { peerFile, startPeer } from "./peer.ts";
import { type Side, type SideParts, servedNames } from "./side.ts";

/** MLServer with its own defaults: one worker process for all models. */
export async function startMlServer({ folder, python, train }: SideParts): Promise<Side> {
  for (const name of servedNames) {
    await mkdir(join(folder, name));
    const settings = { name, implementation: "runtime.Algorithm", parameters: { uri: train.a, extra: { algorithm: name } } };
    await writeFile(join(folder, name, "model-settings.json"), JSON.stringify(settings));
  }
  const others = { grpc_port: await freePort(), metrics_port: await freePort() };
  return startPeer({
    folder,
    way: {
      ...{ name: "MLServer", form: "v2", headers: { "content-type": "application/json" } },
      path: ({ algorithm }) => `/v2/models/${algorithm}/infer`,
      body: (_asked, csv) => JSON.stringify(inference(csv)),
    },
    health: "/v2/health/live",
    env: {
      PYTHONPATH: peerFile("mlserver_peer"),
      MLSERVER_HOST: "127.0.0.1",
      MLSERVER_GRPC_PORT: String(others.grpc_port),
      MLSERVER_METRICS_PORT: String(others.metrics_port),
    },
    command: (port) => ["/usr/bin/env", `MLSERVER_HTTP_PORT=${port}`, join(dirname(python), "mlserver"), "start", folder],
  });
}

/** A table in the open inference protocol: a tensor a column, to be read as one data frame. */
function inference(csv: string): object {
  const inputs = Object.entries(numbersOf(csv)).map(([name, data]) => ({ name, shape: [data.length, 1], datatype: "FP64", data }));
  return { parameters: { content_type: "pd" }, inputs };
}
