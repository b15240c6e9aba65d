import { execFile } from "node:child_process";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { python } from "../bench.ts";

const worker = resolve(import.meta.dirname, "../../../runtimes/python/worker");
const script = `
import os, sys, json, runpy, threading
here = runpy.run_path(sys.argv[1])
here["install"]()
from compute_bridge_worker import rehearsal, rewriting
import pandas as pd
from pandas._config import config

def state():
    tasks = len(os.listdir("/proc/self/task")) if os.path.isdir("/proc/self/task") else 0
    files = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    return [threading.active_count(), tasks, files, os.getcwd(), list(sys.path), dict(os.environ), str(config._global_config), str(rewriting.RewritingLoader.loaded), list(rewriting.RewritingLoader.imported), list(rewriting.RewritingLoader.pairs), [each for each in sys.modules if "rehearsed" in each]]

import sklearn.preprocessing, numpy.linalg
before = state()
rehearsal.rehearse()
after = state()
calls = []
rehearsal.rehearse(lambda: calls.append(1) is None and len(calls) > 1)
import tempfile
file = tempfile.NamedTemporaryFile("w", suffix=".py")
print("def apply(model, df, param):\\n    raise KeyError('b')", file=file, flush=True)
rehearsal.SOURCE = file.name
try:
    rehearsal.rehearse()
    said = "nothing"
except RuntimeError as error:
    said = str(error)
print(json.dumps([before == after, len(calls), said]))
`;

it("a rehearsal leaves the process as it was, stops when it is enough, and says when it fails", async () => {
  const { stdout } = await promisify(execFile)(python, ["-c", script, join(worker, "__main__.py")], { cwd: worker });
  const [isSame, asked, said] = JSON.parse(stdout);
  expect(isSame).toBe(true);
  expect(asked).toBe(2);
  expect(said).toContain("KeyError");
});
