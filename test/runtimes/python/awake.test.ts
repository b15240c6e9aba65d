import { execFileSync } from "node:child_process";
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

it("waits awake for what comes at once, until it is late, or others want the core", () => {
  const folder = join(import.meta.dirname, "../../../runtimes/python");
  const { soon, ...others } = JSON.parse(execFileSync(python, ["-c", script, folder], { encoding: "utf8" }));
  expect(soon[1]).toBeGreaterThan(100);
  expect(others).toEqual({ late: [2, 2], "too late": [2, 5], shared: [2, 3], "one core": [2, 2] });
});
