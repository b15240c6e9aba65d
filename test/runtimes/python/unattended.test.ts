import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Bench, type Probe } from "../bench.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.open();
});
afterAll(() => bench?.[Symbol.asyncDispose]());

/** Answers of two calls, the second a moment after the first. */
async function twice(probe: Probe, model?: { name: string; key: null; folder: string; shared: string }): Promise<string[]> {
  const answers: string[] = [];
  for (let call = 0; call < 2; call++) {
    const { csv, error } = await probe.call("a\n1\n", model && { model });
    expect(error).toBeUndefined();
    answers.push(csv);
    await new Promise((resolve) => setTimeout(resolve, 400));
  }
  return answers;
}

describe("what runs while no call does changes nothing for the next one", () => {
  it.each([
    ["a thread that a call left behind", "", "    threading.Timer(0.2, change).start()\n"],
    [
      "a handler of a signal",
      "import signal, subprocess\nsignal.signal(signal.SIGUSR1, lambda *_: change())\n",
      "    subprocess.Popen(['sh', '-c', f'sleep 0.2; kill -USR1 {os.getpid()}'])\n",
    ],
  ])("%s", async (_, before, during) => {
    const probe = await bench.worker(
      "import os, threading\nnumbers = []\ndef change():\n    global found\n    found = 'changed'\n    numbers.append(1)\n" +
        `found = 'first'\n${before}` +
        `def apply(model, df, param):\n    said = [{'found': found, 'numbers': len(numbers)}]\n${during}    return said\n`,
    );
    expect(await twice(probe)).toEqual(Array(2).fill("found,numbers\nfirst,0\n"));
  });

  it("a thread of the code, also where nobody can write to what the worker reads", async () => {
    const probe = await bench.worker(
      "import os, threading, time\nSTATE = {'n': 0}\nnothing = os.open(os.devnull, os.O_WRONLY)\nos.dup2(nothing, 1)\nos.dup2(nothing, 2)\n" +
        "def count():\n    while True:\n        STATE['n'] += 1\n        time.sleep(0.05)\nthreading.Thread(target=count, daemon=True).start()\n" +
        "def apply(model, df, param):\n    return [{'many': STATE['n'] > 4}]\n",
    );
    expect(await twice(probe)).toEqual(Array(2).fill("many\nFalse\n"));
  });

  it("an object that ends with its call", async () => {
    const probe = await bench.worker(
      "ended = []\nclass Model:\n    def __del__(self):\n        ended.append(1)\ndef load(name):\n    return Model()\n" +
        "def apply(model, df, param):\n    return [{'ended': len(ended)}]\n",
    );
    const folder = await bench.modelFolder();
    expect(await twice(probe, { name: "x", key: null, folder, shared: bench.home.data })).toEqual(Array(2).fill("ended\n0\n"));
  });
});

it("settings that cannot be compared fail the next call, not the worker", async () => {
  const probe = await bench.worker(
    "import sys\nclass Odd:\n    def __eq__(self, other):\n        raise ArithmeticError('odd')\n" +
      "def odd(model, df, param):\n    sys.path[0] = Odd()\n    return df\ndef apply(model, df, param):\n    return df\n",
  );
  expect((await probe.call("a\n1\n", { method: "odd" })).csv).toBe("a\n1\n");
  expect((await probe.call("a\n1\n")).error).toMatchObject({ phase: "load", type: "ArithmeticError" });
});
