import { writeFileSync } from "node:fs";
import { Server, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { isMainThread } from "node:worker_threads";
import { Moments } from "./moments.ts";

// Loaded into the bridge by `node --import`: notes when a call passes. What it noted is written when the process is told to.
const moments = new Moments();
const { TIMELINE } = process.env;

/** Node's HTTP server reads its sockets by itself; of the others those to workers alone are busy. */
const isWorkers = (socket: Socket): boolean => !("parser" in socket);

function before<K extends string>(
  type: { prototype: Record<K, (...args: never[]) => unknown> },
  method: K,
  note: (self: object, first: unknown) => void,
): void {
  const own = type.prototype[method];
  type.prototype[method] = function (this: object, ...args: never[]) {
    note(this, args[0]);
    return own.apply(this, args);
  };
}

if (isMainThread && TIMELINE) {
  before(Server, "emit", (_, event) => event === "request" && moments.note("request"));
  before(Socket, "write", (socket) => isWorkers(socket as Socket) && moments.note("call made"));
  before(Socket, "push", (socket) => isWorkers(socket as Socket) && moments.note("results received"));
  before(ServerResponse, "writeHead", () => moments.note("answer made"));
  process.on("SIGUSR2", () => writeFileSync(TIMELINE, JSON.stringify(moments.all)));
}
