import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { say } from "./say.mjs";

/**
 * Two set-ups in one checkout wait for each other. The lock holds its owner's process id; one left by a set-up that was
 * killed is taken over.
 */
export async function withLock(file, work) {
  const mine = `${file}.${process.pid}`;
  writeFileSync(mine, String(process.pid));
  try {
    for (let told = false; !take(mine, file); told = true) {
      const owner = ownerOf(file);
      if (owner !== undefined && !isAlive(owner)) {
        removeIfOwnedBy(file, owner);
        continue;
      }
      if (!told) say(`another set-up runs here (process ${owner ?? "unknown"}): waiting for it`);
      await sleep(200);
    }
    try {
      return await work();
    } finally {
      rmSync(file, { force: true });
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

/** A hard link to a file that is written already: the lock is never there without its owner's number. */
function take(mine, file) {
  try {
    linkSync(mine, file);
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
}

function ownerOf(file) {
  try {
    return Number(readFileSync(file, "utf8")) || undefined;
  } catch {
    return undefined; // gone meanwhile
  }
}

function removeIfOwnedBy(file, owner) {
  if (ownerOf(file) === owner) rmSync(file, { force: true });
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
