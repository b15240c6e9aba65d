import { join, resolve } from "node:path";

/** The checkout. */
export const root = resolve(import.meta.dirname, "..");

/** The interpreter of notebooks, from which the peers' environments are made. */
export const modelsPython = process.env.BRIDGE_PYTHON || join(root, ".python/models/bin/python");

/** Where the peers' environments are: `bench`, and `bench-<peer>` for those that have one of their own. */
export const peersFolder = process.env.BENCH_PEERS || join(root, ".python");
