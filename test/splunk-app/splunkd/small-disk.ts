import { execFileSync } from "node:child_process";

const isRoot = process.getuid?.() === 0;
const own = isRoot ? ["unshare", "--mount"] : ["unshare", "--map-root-user", "--mount"];

/** Whether this machine lets a process have mounts of its own. */
export const mayMount = (() => {
  try {
    execFileSync(own[0] ?? "", [...own.slice(1), "mount", "-t", "tmpfs", "tmpfs", "/mnt"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

/** A command line to run another under, for which `folder` is an empty disk of this size (`1m`) that nobody else sees. */
export function onSmallDisk(folder: string, size: string): string[] {
  const script = 'mount -t tmpfs -o "size=$0" tmpfs "$1" && shift && mkdir -p "$PWD" && cd "$PWD" && exec "$@"';
  return [...own, "sh", "-c", script, size, folder];
}
