import { execFile } from "node:child_process";
import { cpus } from "node:os";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { python } from "../bench.ts";

const worker = resolve(import.meta.dirname, "../../../runtimes/python/worker");
/** Becomes workers, some of them spares before, that say in how many threads the libraries compute and what is drawn first. */
const script = `
import os
os.environ["OMP_NUM_THREADS"] = "1"
import json, random, runpy, socket, sys, tempfile
runpy.run_path(sys.argv[1])["install"]()
import numpy as np, scipy.linalg, sklearn.linear_model, threadpoolctl
from compute_bridge_worker import forks

forks.POOLS.append(threadpoolctl.ThreadpoolController())
random.seed(1)
np.random.seed(1)

def say(argv, get_ready):
    threads = sorted({each["num_threads"] for each in threadpoolctl.threadpool_info()})
    os.write(1, json.dumps([threads, random.random(), np.random.random()]).encode())

forks.run_worker = say
said = []
for env in ({}, {"OMP_NUM_THREADS": "3"}):
    for is_spare in (False, True, True):
        near, far = socket.socketpair()
        log = tempfile.NamedTemporaryFile()
        asked = {"log": log.name, "env": env, "folder": "/", "argv": []}
        pid = os.fork()
        if pid == 0:
            near.close()
            forks.become_worker(forks.wait(far) if is_spare else asked, is_spare=is_spare)
            os._exit(0)
        far.close()
        if is_spare:
            near.sendall(json.dumps(asked).encode())
            near.shutdown(socket.SHUT_WR)
        os.waitpid(pid, 0)
        said.append(json.loads(log.read()))
print(json.dumps(said))
`;

it.runIf(process.platform === "linux")(
  "a spare uses the cores that its environment says, and draws its own numbers, as any worker does",
  async () => {
    const { stdout } = await promisify(execFile)(python, ["-c", script, `${worker}/__main__.py`], { cwd: worker });
    const said: [number[], number, number][] = JSON.parse(stdout);
    const cores = cpus().length;
    expect(said.map(([threads]) => threads)).toEqual([[cores], [cores], [cores], [3], [3], [3]]);
    expect(new Set(said.flatMap(([, ...drawn]) => drawn)).size).toBe(12);
  },
);
