import { resolve } from "node:path";

type Env = Readonly<Record<string, string | undefined>>;

/** The checkout. */
export const root = resolve(import.meta.dirname, "..");

/** All that people make: BRIDGE_HOME, or `home/` in the checkout. Relative paths begin at the checkout, as the server reads them. */
export const homeFolder = ({ BRIDGE_HOME }: Env): string => resolve(root, BRIDGE_HOME || "home");

/** The Python that models and kernels run in: BRIDGE_PYTHON, or what the set-up made. A bare name is looked for in PATH. */
export function modelsPython({ BRIDGE_PYTHON = "" }: Env): string {
  const python = BRIDGE_PYTHON || ".python/models/bin/python";
  return python.includes("/") ? resolve(root, python) : python;
}
