import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Algorithm } from "#contract/algorithm.ts";
import type { ModelVersion } from "#contract/model.ts";
import type { Run } from "#contract/run.ts";
import { isClosed } from "../workers/fixture.ts";
import { applySteps, fitSteps, isAlive, Story } from "./story.ts";

let story: Story;
beforeAll(async () => {
  story = await Story.begin();
  await story.save("first");
  const statusOfFit = async () => (await story.call("algorithm=steps&method=fit&model_name=m", "a\n1\n2\n")).status;
  // The first save waits for the warm process, which a busy machine may take longer to start than a call waits.
  await vi.waitFor(async () => expect(await statusOfFit()).toBe(200), { timeout: 100_000 });
}, 120_000);
afterAll(() => story[Symbol.asyncDispose]());

interface Problem {
  readonly code: string;
  readonly detail: string;
  readonly instance: string;
}
const problem = async (answer: Promise<Response>) => (await (await answer).json()) as Problem;

describe("SIGKILL of a worker", () => {
  it.each([...fitSteps.map((step) => ["fit", step] as const), ...applySteps.map((step) => ["apply", step] as const)])(
    "during a call of %s at %s is told to its caller alone; the next call works, and nothing is left of this one",
    async (method, step) => {
      const model = step === "load" ? await story.unloaded() : "m";
      await story.hold(step);
      const lost = problem(story.call(`algorithm=steps&method=${method}&model_name=${model}`, "a\n1\n2\n3\n"));
      const pid = await story.standing(step);
      const started = childrenOf(pid);
      expect(started.length).toBeGreaterThan(0);
      process.kill(pid, "SIGKILL");
      const { code, instance } = await lost;
      expect(code).toBe("WORKER_LOST");
      expect(await story.ask<Run>(instance)).toMatchObject({ state: "failed", error: { code } });
      await story.release();
      expect(await story.said()).toBe("1,2,first");
      await expect.poll(() => [pid, ...started].filter(isAlive), { timeout: 10_000 }).toEqual([]);
      expect(await story.ask<ModelVersion[]>("/v1/models/m/versions")).toHaveLength(1);
      expect(await story.leftovers()).toEqual([]);
    },
  );

  it("that checks a save is no reason not to go live", async () => {
    await story.hold("import");
    await story.save("second");
    process.kill(await story.standing("import"), "SIGKILL");
    await story.release();
    while ((await story.said()) !== "1,2,second") await sleep(50);
    expect(await story.ask<Algorithm>("/v1/algorithms/steps")).toMatchObject({ state: "live" });
  });

  it("that is idle is noticed by nobody", async () => {
    const before = await story.said();
    const idle = workers();
    expect(idle.length).toBeGreaterThan(0);
    for (const pid of idle) process.kill(pid, "SIGKILL");
    await expect.poll(() => idle.every(isClosed)).toBe(true);
    await story.ask("/v1/runs"); // by now the bridge has heard of it
    expect(await story.said()).toBe(before);
  });
});

it("a worker that stands still is ended at the deadline", async () => {
  await story.hold("apply");
  const late = problem(story.call("algorithm=steps&method=apply&model_name=m", "a\n1\n", { "compute-timeout": "2" }));
  const pid = await story.standing("apply");
  process.kill(pid, "SIGSTOP");
  expect((await late).code).toBe("DEADLINE_PASSED");
  await story.release();
  await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
  expect(await story.said()).toBe("1,2,second");
});

describe("SIGKILL of a helper process", () => {
  it.each([
    ["the one that looks at saves", /check\.py$/],
    ["the one that workers are forked from", /--warm$/],
  ])("%s is replaced: the next save and the next call work", async (what, pattern) => {
    const before = processes().filter(({ command }) => pattern.test(command));
    expect(before.length).toBeGreaterThan(0);
    const isBelow = ({ parent }: { parent: number }) => before.some(({ pid }) => pid === parent);
    const workers = processes().filter(isBelow);
    for (const { pid } of before) process.kill(pid, "SIGKILL");
    // They end with it; a call that reaches one of them before is lost.
    while (processes().some(({ pid }) => workers.some((each) => each.pid === pid))) await sleep(5);
    await story.save(what);
    while ((await story.said()) !== `1,2,${what}`) await sleep(50);
    expect((await story.call("algorithm=steps&method=fit&model_name=other", "a\n1\n")).status).toBe(200);
  });
});

it("SIGTERM of the bridge lets the calls under way end, and refuses new ones", async () => {
  await story.hold("apply");
  const under = story.call("algorithm=steps&method=apply&model_name=m");
  await story.standing("apply");
  story.bridge.child.kill("SIGTERM");
  let refused = await story.call("algorithm=steps&method=summary&model_name=m").catch(() => undefined);
  while (refused?.ok) refused = await story.call("algorithm=steps&method=summary&model_name=m").catch(() => undefined);
  if (refused) expect(await refused.json()).toMatchObject({ code: "STOPPING" });
  await story.release();
  const answer = await under;
  expect({ status: answer.status, text: await answer.text() }).toMatchObject({ status: 200 });
});

/** All processes of this bridge. */
function processes(): { pid: number; parent: number; command: string }[] {
  const all = execFileSync("ps", ["-eo", "pid=,ppid=,args="], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map((line) => {
      const [, pid, parent, command = ""] = /^\s*(\d+)\s+(\d+)\s+(.*?)\s*$/.exec(line) ?? [];
      return { pid: Number(pid), parent: Number(parent), command };
    });
  const ours = new Set([story.bridge.child.pid]);
  for (let before = 0; before !== ours.size; ) {
    before = ours.size;
    for (const { pid, parent } of all) if (ours.has(parent)) ours.add(pid);
  }
  return all.filter(({ pid }) => ours.has(pid) && pid !== story.bridge.child.pid);
}

function childrenOf(pid: number): number[] {
  return processes()
    .filter(({ parent }) => parent === pid)
    .map((each) => each.pid);
}

/** Those that were forked from a warm process. */
function workers(): number[] {
  const warm = new Set(
    processes()
      .filter(({ command }) => command.endsWith("--warm"))
      .map(({ pid }) => pid),
  );
  return processes()
    .filter(({ parent }) => warm.has(parent))
    .map(({ pid }) => pid);
}
