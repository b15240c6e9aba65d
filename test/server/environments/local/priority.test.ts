import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { getPriority } from "node:os";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { localEnvironment } from "../../../../server/environments/local/environment.ts";
import { lower, WorkerPriority } from "../../../../server/environments/local/priority.ts";
import { fixtureSpec, quiet } from "../../workers/fixture.ts";

/** No process has this id. */
const NOBODY = 2 ** 30;

describe.runIf(process.platform === "linux")("a worker's priority against others", () => {
  let given: number[];
  /** How often more it is refused for now. */
  let refusals: number;
  const give = (leader: number, nice: number) => {
    expect(leader).toBe(NOBODY);
    if (refusals-- > 0) throw Object.assign(new Error("a moment later"), { code: "EAGAIN" });
    given.push(nice);
  };
  beforeEach(() => {
    given = [];
    refusals = 0;
    vi.useFakeTimers();
  });
  afterEach(() => void vi.useRealTimers());

  it("is given at its start, below that to one that had many rows, and below that to a fit's; never back", () => {
    using priority = new WorkerPriority(NOBODY, give);
    for (const work of ["many rows", "many rows", "fit", "many rows", "fit"] as const) priority.lower(work);
    expect(given).toEqual([5, 10, 15]);
  });

  it("is given a moment later when it may not be given now, and then what is wanted then", () => {
    refusals = 2;
    using priority = new WorkerPriority(NOBODY, give);
    vi.advanceTimersByTime(130);
    priority.lower("fit");
    expect(given).toEqual([]);
    vi.runAllTimers();
    expect(given).toEqual([15]);
  });

  it("is not given to who has its id when it has ended", () => {
    refusals = 1;
    const priority = new WorkerPriority(NOBODY, give);
    priority[Symbol.dispose]();
    vi.runAllTimers();
    priority.lower("fit");
    expect(given).toEqual([]);
  });

  it("is nobody's fault where it cannot be given", () => {
    using priority = new WorkerPriority(NOBODY);
    priority.lower("fit");
    expect(vi.getTimerCount()).toBe(0);
  });
});

it("raises nobody who was started lower", async () => {
  const child = spawn("nice", ["-n", "12", "sleep", "60"], { stdio: "ignore" });
  const pid = child.pid ?? 0;
  try {
    await vi.waitUntil(() => getPriority(pid) === 12);
    lower(pid, 5);
    using priority = new WorkerPriority(pid, () => {});
    priority.lower("many rows");
    expect(getPriority(pid)).toBe(12);
    priority.lower("fit");
    expect(getPriority(pid)).toBe(15);
  } finally {
    child.kill("SIGKILL");
  }
});

it.runIf(existsSync("/proc/self/autogroup"))("a local worker's session has it", async () => {
  await using environment = localEnvironment({ log: quiet });
  const worker = await environment.start(fixtureSpec());
  const nice = () => Number(readFileSync(`/proc/${worker.pid}/autogroup`, "utf8").split("nice ")[1]);
  await vi.waitUntil(() => nice() === 5);
  worker.lower("many rows");
  await vi.waitUntil(() => nice() === 10);
  worker.lower("fit");
  await vi.waitUntil(() => nice() === 15);
});
