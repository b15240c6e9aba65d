import { execFile } from "node:child_process";
import { release } from "node:os";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { Bench, python } from "../bench.ts";

const worker = resolve(import.meta.dirname, "../../../runtimes/python/worker");
const [major = 0, minor = 0] = release().split(".").map(Number);
/** Older kernels take the request and know no turns of a chosen length. */
const isKnown = process.platform === "linux" && (major > 6 || (major === 6 && minor >= 12)) && ["x64", "arm64"].includes(process.arch);
const LONG = 4_000_000;

const asking = `
import ctypes, os, platform, struct, threading, time
def asked(thread):
    answer = ctypes.create_string_buffer(48)
    number = {"x86_64": 315, "aarch64": 275}[platform.machine()]
    assert ctypes.CDLL(None).syscall(number, thread, answer, 48, 0) == 0
    _, policy, _, nice, _, turn, *_ = struct.unpack("=IIQiIQQQ", answer.raw)
    return policy, nice, turn
def all_asked():
    return sorted({asked(int(each)) for each in os.listdir("/proc/self/task")})
threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
`;

describe.runIf(isKnown)("long turns", () => {
  it("are those of all threads of a worker, whose priority stays", async () => {
    await using bench = await Bench.open();
    const probe = await bench.worker(
      `import numpy as np\n${asking}np.ones((300, 300)) @ np.ones((300, 300))\n` +
        "def apply(model, df, param):\n    return [dict(zip(('policy', 'nice', 'turn'), each)) for each in all_asked()]\n",
    );
    expect((await probe.call("a\n1\n")).csv).toBe(`policy,nice,turn\n0,5,${LONG}\n`);
  });

  it("are taken by who starts afresh, and by nobody who runs under another policy", async () => {
    const script = `
import os, sys, runpy
runpy.run_path(sys.argv[1])["install"]()
from compute_bridge_worker.long_turns import take_long_turns
os.setpriority(os.PRIO_PROCESS, 0, 7)
take_long_turns()
${asking}
before = all_asked()
os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
take_long_turns()
print(before, os.sched_getscheduler(0) == os.SCHED_BATCH)
`;
    const { stdout } = await promisify(execFile)(python, ["-c", script, `${worker}/__main__.py`]);
    expect(stdout).toBe(`[(0, 7, ${LONG})] True\n`);
  });
});
