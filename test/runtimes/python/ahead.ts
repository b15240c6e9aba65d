import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Bench } from "../bench.ts";

/** Notes that a call has begun, takes as long as it is told to, and says how many permits lie ready for calls behind it. */
export const SOURCE = `
import fcntl, os, stat, struct, termios, time

def permits():
    for name in os.listdir("/proc/self/fd"):
        try:
            if stat.S_ISFIFO(os.fstat(int(name)).st_mode) and "permits" in os.readlink(f"/proc/self/fd/{name}"):
                return struct.unpack("i", fcntl.ioctl(int(name), termios.FIONREAD, b"    "))[0]
        except OSError:
            pass
    return 0

def apply(model, df, param):
    with open(param["begun"], "a") as file:
        file.write(param["name"] + "\\n")
    end = time.monotonic() + param.get("seconds", 0)
    while time.monotonic() < end:
        time.sleep(0.001)
    if param.get("dies"):
        os._exit(3)
    return df.assign(permits=permits())
`;

/** Which calls of a bench have begun. */
export function begunIn(bench: Bench): { readonly path: string; names(): string[] } {
  const path = join(bench.home.root, `begun-${Math.random()}`);
  writeFileSync(path, "");
  return { path, names: () => readFileSync(path, "utf8").split("\n").filter(Boolean) };
}
