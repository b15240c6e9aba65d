import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { allRuntimes } from "../../../runtimes/index.ts";
import { Bench, type Probe, python } from "../bench.ts";

const [runtime] = allRuntimes({ python, env: process.env, modelBytes: 20e6 });

/** Models are arrays of 8 MB: made at `load`, read from a file, or mapped from one. */
const source = `
import os
import numpy as np
DATA = "/srv/app/model/data"
def load(name):
    if name == "made":
        return np.ones(1_000_000)
    return np.load(f"{DATA}/rows.npy", mmap_mode="r" if name == "mapped" else None)
def apply(model, df, param):
    rest = open("/proc/self/maps").read().count("rows.npy")
    return {"sum": [float(model.sum())], "maps": [rest]}
`;

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.open();
});
afterAll(() => bench?.[Symbol.asyncDispose]());

/** Applies models by number and says which were in memory already. */
async function applying(probe: Probe, name: string) {
  const folders = new Map<number, string>();
  return async (number: number, method = "apply") => {
    const folder = folders.get(number) ?? (await bench.modelFolder());
    if (!folders.has(number) && name !== "made")
      execFileSync(python, ["-c", "import numpy as np, sys; np.save(sys.argv[1], np.ones(1_000_000))", join(folder, "rows.npy")]);
    folders.set(number, folder);
    const model = { name, key: `m@${number}`, folder, shared: bench.home.data };
    const { done, csv, error } = await probe.call(method === "load" ? "" : "a\n1\n", { method, model });
    expect(error).toBeUndefined();
    return { was: done?.modelWasLoaded, csv };
  };
}

it.each(["made", "read"])("drops the models that were used longest ago, beyond its budget: %s", async (name) => {
  const apply = await applying(await bench.worker(source, runtime ? { runtime } : {}), name);
  const was = [];
  for (const number of [1, 2, 1, 3, 1, 2]) was.push((await apply(number)).was);
  expect(was).toEqual([false, false, true, false, true, false]); // the third took the place of the second
});

it("counts nothing of files that are mapped, which all workers share", async () => {
  const apply = await applying(await bench.worker(source, runtime ? { runtime } : {}), "mapped");
  for (const number of [1, 2, 3, 4]) await apply(number);
  expect(await apply(1)).toEqual({ was: true, csv: "sum,maps\n1000000.0,4\n" });
});

it("loads for calls to come what will be kept, once, and answers nothing", async () => {
  const probe = await bench.worker(source);
  const apply = await applying(probe, "made");
  expect(await apply(1, "load")).toEqual({ was: false, csv: "" });
  expect([(await apply(1, "load")).was, (await apply(1)).was]).toEqual([true, true]);
  const unkept = { name: "missing", key: null, folder: bench.home.data, shared: bench.home.data };
  expect((await probe.call("", { method: "load", model: unkept })).done).toMatchObject({ modelWasLoaded: null, rows: { returned: 0 } });
});
