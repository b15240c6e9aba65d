import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { type TestBridge, testBridge } from "../support/bridge.ts";
import { until } from "../workers/fixture.ts";

/** Writes down what it loads: the tag of the code and the model's name. */
const cells = (tag: string) => [
  `import os
LOADS = os.path.join(os.environ["COMPUTE_BRIDGE_HOME"], "loads")`,
  `def fit(model, df, param):
    pass
def save(model, name):
    open(f"/srv/app/model/data/{name}.txt", "w").write(name)
def load(name):
    with open(LOADS, "a") as file:
        file.write(f"${tag} {name}\\n")
    return open(f"/srv/app/model/data/{name}.txt").read()
def apply(model, df, param):
    return {"model": [model] * len(df), "worker": [os.getpid()] * len(df)}`,
];

let open: TestBridge[] = [];
afterEach(async () => {
  for (const each of open.toReversed()) await each[Symbol.asyncDispose]();
  open = [];
});

async function started(env: Record<string, string> = {}): Promise<TestBridge> {
  const bridge = await testBridge(env);
  open.push(bridge);
  return bridge;
}

const call = async (bridge: TestBridge, options: Record<string, string>) => {
  const answer = await bridge.compute({ algorithm: "warm", ...options }, "a\n1\n");
  expect(answer.status, await answer.clone().text()).toBe(200);
  return (await answer.text()).trim().split("\n")[1]?.split(",") ?? [];
};
const loads = async (bridge: TestBridge) =>
  (await readFile(join(bridge.home, "loads"), "utf8").catch(() => "")).trim().split("\n").filter(Boolean);

it("loads models before calls need them: after a fit, after a save and after a start, and each once", async () => {
  const first = await started();
  await first.save("warm.ipynb", cells("one"));
  await call(first, { method: "fit", model_name: "m" });
  await until(async () => (await loads(first)).length === 1);
  await call(first, { method: "apply", model_name: "m" });
  expect(await loads(first)).toEqual(["one warm_m"]);

  await first.save("warm.ipynb", cells("two"));
  await until(async () => (await loads(first)).length === 2);
  expect((await call(first, { method: "apply", model_name: "m" }))[0]).toBe("warm_m");
  expect(await loads(first)).toEqual(["one warm_m", "two warm_m"]);
  await first.bridge.close();

  const again = await started({ BRIDGE_HOME: first.home });
  await until(async () => (await loads(first)).length === 3);
  await call(again, { method: "apply", model_name: "m" });
  expect((await loads(first)).at(-1)).toBe("two warm_m");
  expect(await loads(first)).toHaveLength(3);
});

it("loads nothing whose notebook keeps no model, and nobody fails when a load does", async () => {
  const bridge = await started();
  await bridge.save("warm.ipynb", cells("kept"), { options: { keep_model: false } });
  await call(bridge, { method: "fit", model_name: "m" });
  await call(bridge, { method: "apply", model_name: "m" });
  expect(await loads(bridge)).toEqual(["kept warm_m"]); // the apply's own

  await bridge.save("warm.ipynb", [...cells("bad"), "def load(name):\n    open(LOADS, 'a').write('bad\\n')\n    raise ValueError('no')"]);
  await until(async () => (await loads(bridge)).includes("bad"));
  const answer = await bridge.compute({ algorithm: "warm", method: "apply", model_name: "m" }, "a\n1\n");
  expect(await answer.json()).toMatchObject({ phase: "load", exception: "ValueError" });
});
