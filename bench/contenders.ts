import { join } from "node:path";
import { startBentoMl } from "./sides/bentoml.ts";
import { startBridge } from "./sides/bridge.ts";
import { startDltk } from "./sides/dltk.ts";
import { startDsdl } from "./sides/dsdl.ts";
import { startFloor, startFloorWithWorker } from "./sides/floor.ts";
import { startLitServe } from "./sides/litserve.ts";
import { startMlServer } from "./sides/mlserver.ts";
import { startRayServe } from "./sides/ray-serve.ts";
import type { Side, SideParts } from "./sides/side.ts";

/** Who is measured: how it is started, and with whose Python. */
export interface Contender {
  readonly name: string;
  /** Null: the models' own environment. */
  readonly python: { readonly environment: string; readonly requirements: string; readonly packages: readonly string[] } | null;
  /** The short form is without it. */
  readonly isLong: boolean;
  readonly start: (parts: SideParts) => Promise<Side>;
}

const common = (packages: readonly string[]) => ({
  environment: "bench",
  requirements: join(import.meta.dirname, "requirements.txt"),
  packages,
});
const own = (peer: string, folder: string, packages: readonly string[]) => ({
  environment: `bench-${peer}`,
  requirements: join(import.meta.dirname, "peers", folder, "requirements.txt"),
  packages,
});

/** @param checkout DSDL's own server; undefined: the stand-in */
export function contenders(checkout: string | undefined): readonly Contender[] {
  const dsdl = checkout ? "DSDL" : "DSDL stand-in";
  const [short, long] = [{ isLong: false }, { isLong: true }];
  return [
    { name: "bridge", python: null, ...short, start: startBridge },
    { name: dsdl, python: common(["fastapi", "starlette", "uvicorn"]), ...short, start: (parts) => startDsdl(parts, checkout) },
    { name: "DLTK stand-in", python: common([]), ...long, start: startDltk },
    { name: "LitServe", python: common(["litserve"]), ...long, start: startLitServe },
    { name: "MLServer", python: own("mlserver", "mlserver_peer", ["mlserver"]), ...long, start: startMlServer },
    { name: "BentoML", python: own("bentoml", "bentoml_peer", ["bentoml"]), ...long, start: startBentoMl },
    { name: "Ray Serve", python: own("ray-serve", "ray_serve_peer", ["ray"]), ...long, start: startRayServe },
    { name: "bare node:http", python: null, ...short, start: startFloor },
    { name: "bare node:http and worker", python: null, ...short, start: startFloorWithWorker },
  ];
}
