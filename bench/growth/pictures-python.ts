import { join } from "node:path";
import { modelsPython, root } from "../places.ts";
import { environmentPython } from "../python.ts";

/** Where pictures of measurements go. */
export const picturesFolder = join(root, "docs/pictures");

/** The Python that draws and samples. @throws Error with what uv said */
export function picturesPython(): Promise<string> {
  return environmentPython(join(root, ".python/bench-pictures"), join(import.meta.dirname, "requirements.txt"), modelsPython);
}
