import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Environment, RunningWorker } from "../../../../server/environments/environment.ts";
import { localEnvironment } from "../../../../server/environments/local/environment.ts";
import { WorkerLink } from "../../../../server/workers/call.ts";
import { callOf, descendants, fixtureSpec, isAlive, keeping, never, quiet, until } from "../../workers/fixture.ts";

/** Temporary files of this test alone: others run at the same time. */
const temporary = mkdtempSync(join(tmpdir(), "t-"));
const usual = process.env.TMPDIR;
beforeAll(() => {
  process.env.TMPDIR = temporary;
});
afterAll(() => {
  if (usual === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = usual;
  rmSync(temporary, { recursive: true });
});
const python = process.env.BRIDGE_PYTHON ?? "python3";
const warm = (...flags: string[]) => ({
  command: [python, join(import.meta.dirname, "fixture-warm.py"), ...flags] as [string, ...string[]],
  env: {},
});
const none = Buffer.alloc(0);

describe("the local environment", () => {
  const open: Environment[] = [];
  const make = (options: Partial<Parameters<typeof localEnvironment>[0]> = {}) => {
    const environment = localEnvironment({ log: quiet, ...options });
    open.push(environment);
    return environment;
  };
  const ready = async (worker: RunningWorker) => {
    const link = new WorkerLink(worker);
    await link.ready;
    return link;
  };
  const logsOf = async (link: WorkerLink, method: string) => {
    const kept = keeping();
    await link.call(callOf(method), none, kept.sink, never);
    return kept.logs();
  };
  afterEach(async () => {
    await Promise.all(open.splice(0).map((each) => each[Symbol.asyncDispose]()));
    expect(descendants()).toEqual([]);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it("gives a worker its own environment variables and folder, and nothing of ours", async () => {
    const link = await ready(await make().start(fixtureSpec()));
    const [said] = await logsOf(link, "env");
    const { env, folder } = JSON.parse(said ?? "");
    expect(env).toEqual({ ONLY: "this", COMPUTE_BRIDGE_SOCKET: expect.any(String) });
    expect(folder).toBe(tmpdir());
    expect(readFileSync(`/proc/${link.worker.pid}/stat`, "latin1").split(") ")[1]?.split(" ")[16]).toBe("5");
  });

  it("ends a worker with all that it started", async () => {
    const link = await ready(await make().start(fixtureSpec()));
    const children = (await logsOf(link, "children")).map(Number);
    expect(children.map(isAlive)).toEqual([true, true]);
    await Promise.all([link.worker.kill(), link.worker.kill()]);
    expect([link.worker.pid, ...children].map(isAlive)).toEqual([false, false, false]);
    expect(await link.worker.ended).toBe("the bridge ended it");
    expect(await link.worker.memory()).toBe(0);
  });

  it("ends what a crashed worker left behind, and keeps its last lines", async () => {
    const link = await ready(await make().start(fixtureSpec()));
    const kept = keeping();
    await expect(link.call(callOf("childThenCrash"), none, kept.sink, never)).rejects.toThrow("SIGSEGV");
    expect(isAlive(Number(kept.logs()[0]))).toBe(false);
    expect(link.worker.tail()).toBe("the fixture worker starts");
  });

  it("says of a kill that was not ours that memory ran out", async () => {
    const worker = await make().start(fixtureSpec());
    process.kill(worker.pid, "SIGKILL");
    expect(await worker.ended).toContain("out of memory");
  });

  it("measures memory", async () => {
    const link = await ready(await make().start(fixtureSpec()));
    const idle = await link.worker.memory();
    await link.call(callOf("hoard", { bytes: 50e6 }), none, keeping().sink, never);
    expect((await link.worker.memory()) - idle).toBeGreaterThan(40e6);
  });

  it("says why a worker never began", async () => {
    const environment = make();
    const missing = { ...fixtureSpec(), command: ["/no/such/program"] as const };
    await expect(environment.start(missing)).rejects.toMatchObject({ code: "WORKER_LOST", message: expect.stringContaining("ENOENT") });
    const leaving = { ...fixtureSpec(), command: [process.execPath, "-e", "console.log('bye'); process.exit(4)"] as const };
    await expect(environment.start(leaving)).rejects.toMatchObject({
      message: expect.stringContaining("exited with code 4"),
      details: { lastLines: "bye" },
    });
    const hasty = make({ startSeconds: 0.3 });
    await expect(hasty.start(fixtureSpec("silent", "--never-connect"))).rejects.toThrow("0.3 s to connect");
    expect(descendants()).toEqual([]);
  });

  it("delivers what a worker said before it ended", async () => {
    const worker = await make().start(fixtureSpec("failing", "--fail-import"));
    await worker.ended;
    await expect(new WorkerLink(worker).ready).rejects.toMatchObject({ name: "WorkerFailed", error: { phase: "import" } });
  });

  it("ends what it is still starting when it is closed", async () => {
    const environment = make();
    const start = environment.start(fixtureSpec("silent", "--never-connect"));
    const end = expect(start).rejects.toBeInstanceOf(Error);
    await until(() => descendants().length > 0);
    await environment[Symbol.asyncDispose]();
    await end;
    await expect(environment.start(fixtureSpec())).rejects.toMatchObject({ code: "STOPPING" });
  });
});

describe.skipIf(process.platform !== "linux")("warm processes", () => {
  const withWarm = (...flags: string[]) => ({ ...fixtureSpec(), warm: warm(...flags) });
  const isForked = async (worker: RunningWorker) => {
    const kept = keeping();
    await new WorkerLink(worker).call(callOf("env"), none, kept.sink, never);
    return kept.logs().join().includes('"FORKED":"yes"');
  };

  it("fork workers, of one process for all, and tell how they end", async () => {
    await using environment = localEnvironment({ log: quiet });
    await environment.prepare(withWarm());
    const [one, two] = await Promise.all([environment.start(withWarm()), environment.start(withWarm())]);
    expect(descendants()).toHaveLength(3);
    expect(await Promise.all([isForked(one), isForked(two)])).toEqual([true, true]);
    process.kill(one.pid, "SIGSEGV");
    expect(await one.ended).toBe("it was killed by SIGSEGV");
    await two.kill();
    expect(await two.ended).toBe("the bridge ended it");
    expect(two.tail()).toBe("the fixture worker starts");
  });

  it.each(["--broken", "--babble"])("are done without when they cannot be had (%s), and that is logged", async (flag) => {
    const warnings: string[] = [];
    await using environment = localEnvironment({ log: { ...quiet, warn: (_, message) => void warnings.push(message) } });
    const worker = await environment.start(withWarm(flag));
    expect(await isForked(worker)).toBe(false);
    expect(warnings.length).toBeGreaterThan(0);
  });

  it("leave nothing behind, even while they start", async () => {
    const environment = localEnvironment({ log: quiet });
    const preparing = environment.prepare(withWarm());
    await until(() => descendants().length > 0);
    await environment[Symbol.asyncDispose]();
    await preparing;
    expect(descendants()).toEqual([]);
    expect(readdirSync(temporary)).toEqual([]);
  });
});
