import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { python } from "../bench.ts";

/** Two frames, the second some time after the first was taken. Prints how often the clock was read for each, which goes on by a step each time. */
const script = `
import json, socket, sys, threading
sys.path.insert(0, sys.argv[1])
from worker.awake import Awake
from worker.frames import CALL, Wire

def reads(step, cores=2):
    near, far = socket.socketpair()
    now = count = 0
    def clock():
        nonlocal now, count
        now, count = now + step, count + 1
        return now
    sender, awake = Wire(near), Awake(Wire(far), cores, clock)
    counts = []
    for wait in (0, 0.05):
        count = 0
        sending = threading.Timer(wait, sender.send, (CALL, b"x"))
        sending.start()
        if wait == 0:
            sending.join()
        assert awake.frame() == (CALL, b"x")
        sending.join()
        counts.append(count)
    near.close()
    try:
        awake.frame()
        raise AssertionError
    except EOFError:
        return counts

print(json.dumps({"soon": reads(1e-9), "late": reads(1), "too late": reads(0.0002), "shared": reads(0.0004), "one core": reads(1e-9, 1)}))
`;

const folder = join(import.meta.dirname, "../../../runtimes/python");

it("waits awake for what comes at once, until it is late, or others want the core", () => {
  const { soon, ...others } = JSON.parse(execFileSync(python, ["-c", script, folder], { encoding: "utf8" }));
  expect(soon[1]).toBeGreaterThan(100);
  expect(others).toEqual({ late: [2, 2], "too late": [2, 5], shared: [2, 3], "one core": [2, 2] });
});

/** Files of control groups, by their places in the system. */
const prefixed = (files: object) => Object.fromEntries(Object.entries(files).map(([file, text]) => [`sys/fs/cgroup/${file}`, text]));

it.each([
  ["none", "0::/\n", {}, Number.POSITIVE_INFINITY],
  ["of a container", "0::/\n", { "cpu.max": "50000 100000\n" }, 0.5],
  ["of a service", "0::/system.slice/bridge.service\n", { "cpu.max": "max 100000\n", "system.slice/cpu.max": "10000 100000\n" }, 0.1],
  ["of the first version", "4:cpu,cpuacct:/docker/a\n", { "cpu/cpu.cfs_quota_us": "20000\n", "cpu/cpu.cfs_period_us": "100000\n" }, 0.2],
  [
    "none of the first version",
    "4:cpu:/\n",
    { "cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n" },
    Number.POSITIVE_INFINITY,
  ],
])("knows the quota of processor time, %s", (_, own, files, quota) => {
  const system = mkdtempSync(join(tmpdir(), "cores-"));
  for (const [file, text] of Object.entries({ ...prefixed(files), "proc/self/cgroup": own })) {
    mkdirSync(join(system, file, ".."), { recursive: true });
    writeFileSync(join(system, file), text);
  }
  const code =
    "import sys, pathlib; sys.path.insert(0, sys.argv[1])\nfrom worker.cores import cores; print(cores(pathlib.Path(sys.argv[2])))";
  const said = Number(execFileSync(python, ["-c", code, folder, system], { encoding: "utf8" }));
  rmSync(system, { recursive: true });
  expect(said).toBeCloseTo(Math.min(quota, availableParallelism()));
});
