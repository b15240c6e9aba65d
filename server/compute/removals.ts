import { createHash } from "node:crypto";
import { readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "#contract/edges.ts";
import { syncPath } from "./durable.ts";
import type { BridgeHome } from "./home.ts";
import type { IsLeft } from "./left-behind.ts";
import { type RemovalStore, Removed, removeFiles } from "./removed-files.ts";

const PART = ".part";

/** A deletion that was noted, and may be committed now. */
export interface Noted {
  /** Removes the files; what cannot be removed is tried again at the next start. */
  finish(): Promise<void>;
  /** It was refused: its files stay. */
  drop(): Promise<void>;
}

/**
 * Notes, durably and before the commit of a deletion, which files are to go: a bridge that ends between the commit and their
 * removal would leave what nobody knows any more. Nothing is ever removed because the store does not know it: it may be
 * another store, or one from a back-up.
 */
export async function noteRemoval(home: BridgeHome, store: RemovalStore, removed: readonly Removed[], log: Log): Promise<Noted> {
  const json = JSON.stringify(removed);
  const file = join(home.removals, `${home.mark}${createHash("sha256").update(json).digest("hex").slice(0, 32)}.json`);
  await writeFile(`${file}${PART}`, json, { mode: 0o600, flush: true });
  await rename(`${file}${PART}`, file);
  await syncPath(home.removals);
  return {
    finish: () =>
      finish(home, store, file, removed).catch((error: unknown) =>
        log.warn({ err: error }, "the files of something that was deleted could not be removed; the next start tries it again"),
      ),
    drop: () => rm(file, { force: true }),
  };
}

/** Removes the files of what was deleted by bridges that ended before they had removed them. */
export async function sweepRemovals(home: BridgeHome, store: RemovalStore, isLeft: IsLeft, log: Log): Promise<void> {
  for (const entry of await readdir(home.removals).catch(() => [])) {
    if (!(await isLeft(entry))) continue;
    const file = join(home.removals, entry);
    try {
      // Without its whole name its deletion was never committed.
      if (entry.endsWith(PART)) await rm(file, { force: true });
      else await finish(home, store, file, Removed.array().parse(JSON.parse(await readFile(file, "utf8"))));
    } catch (error) {
      log.warn({ err: error, note: entry }, "the files of something that was deleted could not be removed; the next start tries it again");
    }
  }
}

async function finish(home: BridgeHome, store: RemovalStore, file: string, removed: readonly Removed[]): Promise<void> {
  for (const each of removed) await removeFiles(home, store, each);
  await rm(file, { force: true });
}
