import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** The hash of what a step depends on. A file that is not there counts as empty. */
export function hashOf(files, ...texts) {
  const hash = createHash("sha256");
  for (const file of files) hash.update(readOr(file, "")).update("\0");
  for (const text of texts) hash.update(text).update("\0");
  return hash.digest("hex");
}

/**
 * Does the work unless the stamp says that it was done for the same hash. The stamp is taken away before and written
 * after: what was interrupted is done again.
 *
 * @returns whether it was done now
 */
export async function once(stamp, hash, work) {
  if (readOr(stamp, "") === hash) return false;
  rmSync(stamp, { force: true });
  await work();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, hash);
  return true;
}

export function readOr(file, otherwise) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return otherwise;
  }
}
