import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { writeModules } from "./dsdl.ts";
import { dsdlBody } from "./dsdl-way.ts";
import { fitAll, peerFile, startPeer } from "./peer.ts";
import { fittedNames, modelNames, type Side, type SideParts, type Way } from "./side.ts";

/** A server as DLTK 4's: threads that share one model state, and no token. */
export async function startDltk({ folder, python, train }: SideParts): Promise<Side> {
  const srv = join(folder, "srv");
  await mkdir(join(srv, "app/model/data"), { recursive: true });
  await writeModules(srv);
  const way: Way = {
    ...{ name: "DLTK stand-in", form: "json", models: modelNames, algorithms: fittedNames },
    headers: { "content-type": "application/json" },
    path: () => "/apply",
    body: dsdlBody,
  };
  return startPeer({
    ...{ folder, way, health: "/summary" },
    env: { SRV: srv, PYTHONPATH: `${peerFile("dsdl_stand_in")}:${srv}` },
    command: (port) => [python, peerFile("dltk_stand_in/server.py"), String(port)],
    prepare: (url) => fitAll(url, way, fittedNames, train),
  });
}
