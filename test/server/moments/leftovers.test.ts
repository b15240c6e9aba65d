import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { cp, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { DatasetVersion } from "#contract/dataset.ts";
import type { ModelVersion } from "#contract/model.ts";
import { saveNotebook } from "../support/bridge.ts";
import { type BridgeProcess, bridgeProcess } from "../support/bridge-process.ts";
import { commandsWith, isAlive, parentOf } from "./processes.ts";

/** Temporary files of this test's bridges alone. */
const temporary = mkdtempSync(join(tmpdir(), "l-"));
const usual = process.env.TMPDIR;
/** A number of seconds to sleep that no other test's processes have. */
const asleep = String(100_000 + process.pid);
let home: string;
let bridge: BridgeProcess;
beforeAll(() => {
  process.env.TMPDIR = temporary;
});
afterAll(() => {
  if (usual === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = usual;
  rmSync(temporary, { recursive: true });
});
beforeEach(async () => {
  home = await mkdtemp(join(temporary, "home-"));
  await saveNotebook(join(home, "notebooks/a.ipynb"), cells).catch(() => {});
  bridge = await bridgeProcess(home);
});
afterEach(async () => {
  await bridge[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
  expect(commandsWith(`sleep ${asleep}`)).toEqual([]);
  // All is removed, even after a failure, so that it is no failure of the next test.
  const left = await readdir(temporary);
  for (const name of left) await rm(join(temporary, name), { recursive: true, force: true });
  expect(left).toEqual([]);
});

/** Starts a process in the worker's session, one in its own, and one that lost its parent as well; then does as it is told. */
const cells = [
  `import json, os, subprocess, time
DATA = "/srv/app/model/data/"
def leave():
    subprocess.Popen(["sleep", "${asleep}"])
    subprocess.Popen(["sleep", "${asleep}"], start_new_session=True)
    subprocess.run(["sh", "-c", "setsid sleep ${asleep} >/dev/null 2>&1 &"])`,
  `def apply(model, df, param):
    what = param["options"]["params"].get("what", "")
    if what:
        leave()
    if what == "compute":
        sum(range(10**13))  # holds the interpreter: no thread of it gets a turn
    if what == "wait":
        time.sleep(1000)
    return {"pid": [os.getpid()]}`,
  "def init(df, param):\n    return {'rows': len(df)}",
  "def fit(model, df, param):\n    pass",
  "def save(model, name):\n    json.dump(model, open(DATA + name + '.json', 'w'))",
];

function call(query: string, rows = "a\n1\n", headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${bridge.url}/v1/compute?${query}`, {
    method: "POST",
    body: rows,
    headers: { authorization: `Bearer ${bridge.token}`, "content-type": "text/csv", ...headers },
  });
}
async function ask<T>(path: string): Promise<T> {
  return (await (await fetch(bridge.url + path, { headers: { authorization: `Bearer ${bridge.token}` } })).json()) as T;
}
const sleeping = () => commandsWith(`sleep ${asleep}`);
const warm = () => commandsWith("--warm").filter((pid) => parentOf(pid) === bridge.child.pid);
async function killBridge(): Promise<void> {
  bridge.child.kill("SIGKILL");
  await once(bridge.child, "exit");
}
const runFolders = async () => (await readdir(temporary)).filter((name) => name.startsWith("cb-"));

describe("what notebook code started", () => {
  it.each(["wait", "compute"])(
    "ends by itself with a bridge that is killed while code does %s, and so do folders and sockets",
    async (what) => {
      const lost = call(`algorithm=a&method=apply&what=${what}`).catch(() => "lost");
      await expect.poll(() => sleeping().length, { timeout: 20_000 }).toBe(3);
      const all = await bridge.processes();
      await killBridge();
      expect(await lost).toBe("lost");
      await expect.poll(() => [...all, ...sleeping()].filter(isAlive), { timeout: 10_000 }).toEqual([]);
      await expect.poll(runFolders, { timeout: 10_000 }).toEqual([]);
      bridge = await bridgeProcess(home);
      expect((await call("algorithm=a&method=apply")).status).toBe(200);
    },
  );

  it("ends when the bridge starts again, if all that could end it was killed or stopped with the bridge", async () => {
    void call("algorithm=a&method=apply&what=compute").catch(() => {});
    await expect.poll(() => sleeping().length, { timeout: 20_000 }).toBe(3);
    const all = await bridge.processes();
    for (const pid of warm()) process.kill(pid, "SIGSTOP");
    await killBridge();
    bridge = await bridgeProcess(home);
    expect([...all, ...sleeping()].filter(isAlive)).toEqual([]);
    expect(await runFolders()).toHaveLength(1);
    expect((await call("algorithm=a&method=apply")).status).toBe(200);
  });

  it("ends with its worker when that is killed", async () => {
    const lost = call("algorithm=a&method=apply&what=wait");
    await expect.poll(() => sleeping().length, { timeout: 20_000 }).toBe(3);
    const [forking] = warm();
    const workers = (await bridge.processes()).filter((each) => parentOf(each) === forking && !sleeping().includes(each));
    expect(workers.length).toBeGreaterThan(0);
    for (const each of workers) process.kill(each, "SIGKILL");
    expect(await (await lost).json()).toMatchObject({ code: "WORKER_LOST", instance: expect.stringContaining("/v1/runs/") });
    await expect.poll(sleeping, { timeout: 10_000 }).toEqual([]);
    expect((await call("algorithm=a&method=apply")).status).toBe(200);
  });
});

it("a deadline ends a call although the process that tells of workers' ends stands still", async () => {
  expect((await call("algorithm=a&method=apply")).status).toBe(200);
  const late = call("algorithm=a&method=apply&what=compute", "a\n1\n", { "compute-timeout": "2" });
  await expect.poll(() => sleeping().length, { timeout: 20_000 }).toBe(3);
  const [stopped] = warm();
  process.kill(stopped ?? 0, "SIGSTOP");
  expect(await (await late).json()).toMatchObject({ code: "DEADLINE_PASSED" });
  await expect.poll(sleeping, { timeout: 10_000 }).toEqual([]);
  expect((await call("algorithm=a&method=apply")).status).toBe(200);
});

describe("a staging that a kill cut", () => {
  const shownRows = async () => (await readFile(join(home, "notebooks/data/rows.csv"), "utf8")).trim().split("\n").length - 1;
  const version = (number: number) => join(home, "notebooks/data/.versions/rows", String(number));

  it("between its commit and its showing is shown at the next start", async () => {
    expect((await call("mode=stage&model_name=rows", "a\n1\n2\n")).status).toBe(200);
    await killBridge();
    // As it is at that moment: the copies wait in the version's folder, and an older staging is shown.
    await rename(join(home, "notebooks/data/rows.csv"), join(version(1), ".unfinished-csv"));
    await rename(join(home, "notebooks/data/rows.json"), join(version(1), ".unfinished-json"));
    await writeFile(join(home, "notebooks/data/rows.csv"), "a\n9\n");
    bridge = await bridgeProcess(home);
    expect(await shownRows()).toBe(2);
    expect((await readdir(version(1))).sort()).toEqual(["call.json", "rows.csv", "rows.parquet"]);
  });

  it("between the move of its files and its commit is as if it had not been", async () => {
    expect((await call("mode=stage&model_name=rows", "a\n1\n2\n")).status).toBe(200);
    await killBridge();
    // As it is at that moment: a version's folder that the store does not name.
    await rename(version(1), version(2));
    await cp(version(2), version(1), { recursive: true });
    await writeFile(join(version(2), ".unfinished-csv"), "a\n1\n2\n3\n4\n");
    bridge = await bridgeProcess(home);
    expect(await shownRows()).toBe(2);
    expect((await call("mode=stage&model_name=rows", "a\n1\n2\n3\n")).status).toBe(200);
    expect(await shownRows()).toBe(3);
    expect((await ask<DatasetVersion>("/v1/datasets/rows")).version).toBe(2);
  });

  it("as soon as its version's folder is there is wholly there or not at all", async () => {
    for (let number = 1; number <= 5; number++) {
      const answer = call("mode=stage&model_name=rows", `a\n${"1\n".repeat(number)}`).then(
        ({ status }) => status,
        () => 0,
      );
      let done = false;
      void answer.then(() => {
        done = true;
      });
      while (!done && !(await readdir(version(number)).catch(() => undefined))) await sleep(0);
      await killBridge();
      const acknowledged = (await answer) === 200;
      bridge = await bridgeProcess(home);
      const known = await ask<Partial<DatasetVersion>>("/v1/datasets/rows");
      if (acknowledged) expect(known.version).toBe(number);
      if (known.version === undefined)
        expect((await readdir(join(home, "notebooks/data"))).filter((name) => name.startsWith("rows"))).toEqual([]);
      else expect(await shownRows()).toBe(known.rows);
      if (known.version !== number) expect((await call("mode=stage&model_name=rows", `a\n${"1\n".repeat(number)}`)).status).toBe(200);
    }
  });
});

it("a fit sent again with its key after a kill answers what it answered, or runs anew: never twice for one answer", async () => {
  const versions = async () => (await ask<ModelVersion[]>("/v1/models?algorithm=a"))[0]?.version ?? 0;
  for (let life = 1; life <= 4; life++) {
    const before = await versions();
    const headers = { "idempotency-key": `key-${life}` };
    const answer = call("algorithm=a&method=fit&model_name=m", "a\n1\n2\n", headers).then(
      async (given) => ({ ok: given.ok, text: await given.text() }),
      () => undefined,
    );
    if (life % 2 === 0) await answer;
    else await sleep(life * 40);
    await killBridge();
    const first = await answer.catch(() => undefined);
    bridge = await bridgeProcess(home);
    const again = await call("algorithm=a&method=fit&model_name=m", "a\n1\n2\n", headers);
    expect(again.status).toBe(200);
    if (first?.ok) {
      expect(await again.text()).toBe(first.text);
      expect(again.headers.get("idempotent-replayed")).toBe("true");
      expect(await versions()).toBe(before + 1);
    }
    expect((await readdir(join(home, ".bridge/answers"))).filter((name) => name.endsWith(".part"))).toEqual([]);
  }
});
