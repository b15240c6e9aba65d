import { lstatSync, statfsSync, statSync } from "node:fs";
import { type FileStat, isSame, stateOf } from "./file-state.ts";

const OVERLAY = 0x794c7630;
/** Magic numbers of Linux' file systems that lie on this machine (statfs(2)): ext, XFS, Btrfs, tmpfs, overlay, F2FS, ZFS. */
const ON_THIS_MACHINE: ReadonlySet<number> = new Set([0xef53, 0x58465342, 0x9123683e, 0x01021994, OVERLAY, 0xf2f52010, 0x2fc12fc1]);

/**
 * The device of a folder whose files' states the system knows without asking anybody, so that a look takes microseconds
 * and never hangs; undefined for network disks, for what is not known, and for what is not there.
 */
export function quickDevice(folder: string): bigint | undefined {
  return deviceOf(folder, (type) => ON_THIS_MACHINE.has(type));
}

/** The same where a file besides keeps its inode number while it is written to, which it may not on an overlay. */
export function steadyDevice(folder: string): bigint | undefined {
  return deviceOf(folder, (type) => type !== OVERLAY && ON_THIS_MACHINE.has(type));
}

function deviceOf(folder: string, isWanted: (type: number) => boolean): bigint | undefined {
  try {
    if (process.platform !== "linux" || !isWanted(statfsSync(folder).type)) return undefined;
    return statSync(folder, { bigint: true }).dev;
  } catch {
    return undefined;
  }
}

/** Whether the file itself, no link's target, is as it was seen. For files on a quick device alone: the thread waits. */
export function isUnchanged(path: string, seen: FileStat): boolean {
  try {
    const found = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    return found?.isFile() === true && isSame(stateOf(found), seen);
  } catch {
    return false;
  }
}
