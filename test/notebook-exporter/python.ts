import { join } from "node:path";

/** The Python that models run in. */
export const python = join(import.meta.dirname, "../../.python/models/bin/python");
