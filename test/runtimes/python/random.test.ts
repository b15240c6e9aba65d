import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Bench, type Probe } from "../bench.ts";

const seeded = readFileSync(join(import.meta.dirname, "modules/seeds.py"), "utf8");
const unseeded =
  "import random\nimport numpy as np\ndef apply(model, df, param):\n    return [{'numpy': np.random.rand(), 'python': random.random()}]\n";

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.open();
});
afterAll(() => bench?.[Symbol.asyncDispose]());

/** What one call drew, by name. */
async function drawn(probe: Probe, method = "apply"): Promise<Record<string, string>> {
  const { csv, error } = await probe.call("a\n1\n", { method });
  expect(error).toBeUndefined();
  const [names = [], values = []] = csv.split("\n").map((line) => line.split(","));
  return Object.fromEntries(names.map((name, at) => [name, values[at] ?? ""]));
}

describe("random numbers", () => {
  it.each(["fit", "apply"])(
    "a top level's seeds make each %s draw the same, in every worker; what it gave no seed is new",
    async (method) => {
      const one = await bench.worker(seeded, { name: "seeds" });
      const [first, second] = [await drawn(one, method), await drawn(one, method)];
      const other = await drawn(await bench.worker(seeded, { name: "seeds" }), method);
      for (const { fresh, own_fresh, ...repeated } of [second, other]) {
        expect(first).toMatchObject(repeated);
        expect(fresh).not.toBe(first.fresh);
        expect(own_fresh).not.toBe(first.own_fresh);
      }
      expect(first).toMatchObject({ numpy: "0.5488135039273248", python: "0.8444218515250481", generator: "0.7739560485559633" });
    },
  );

  it("without a seed each call draws others, though a call seeded before", async () => {
    const probe = await bench.worker(
      `${unseeded}def seeds(model, df, param):\n    np.random.seed(0)\n    random.seed(0)\n    return apply(model, df, param)\n`,
    );
    const calls = [await drawn(probe, "seeds"), await drawn(probe), await drawn(probe, "seeds"), await drawn(probe)];
    expect(calls[0]).toEqual(calls[2]);
    expect(new Set(calls.map(({ numpy }) => numpy)).size).toBe(3);
    expect(new Set(calls.map(({ python }) => python)).size).toBe(3);
  });

  it("drawing at the top level is no seed, nor is a seed that was taken back, or seed()", async () => {
    for (const top of [
      "np.random.rand(10_000)\nrandom.random()",
      "was, at = np.random.get_state(), random.getstate()\nnp.random.seed(0)\nrandom.seed(0)\nnp.random.set_state(was)\nrandom.setstate(at)",
      "np.random.seed(0)\nnp.random.seed()\nrandom.seed(0)\nrandom.seed()",
    ]) {
      const probe = await bench.worker(`import random\nimport numpy as np\n${top}\n${unseeded}`);
      const [first, second] = [await drawn(probe), await drawn(probe)];
      expect(second.numpy).not.toBe(first.numpy);
      expect(second.python).not.toBe(first.python);
    }
  });

  it("a seed that a sibling, or a function of the library taken by its name, sets counts, too", async () => {
    const source = `from app.model import seeding\nfrom numpy.random import seed\nseed(3)\n${unseeded}`;
    const probe = await bench.worker(source, { siblings: { seeding: "import random\nrandom.seed(3)\n" } });
    expect(await drawn(probe)).toEqual(await drawn(probe));
  });

  it("text hashes alike in all workers, so that sets have one order", async () => {
    const source = "def apply(model, df, param):\n    return [{'order': ' '.join({'a', 'b', 'c', 'd', 'e'})}]\n";
    const [one, two] = [await bench.worker(source), await bench.worker(source)];
    expect(await drawn(one)).toEqual(await drawn(two));
  });
});
