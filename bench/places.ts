import { join, resolve } from "node:path";

/** The checkout. */
export const root = resolve(import.meta.dirname, "..");

/** The interpreter of notebooks, from which the peers' environment is made. */
export const modelsPython = process.env.BRIDGE_PYTHON || join(root, ".python/models/bin/python");

/** The peers' environment. */
export const peersFolder = process.env.BENCH_PEERS || join(root, ".python/bench");
