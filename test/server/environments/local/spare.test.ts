import { existsSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { pythonRuntime } from "../../../../runtimes/python/runtime.ts";
import { homeAt } from "../../../../server/compute/home.ts";
import type { Environment } from "../../../../server/environments/environment.ts";
import { localEnvironment } from "../../../../server/environments/local/environment.ts";
import { WorkerLink } from "../../../../server/workers/call.ts";
import { callOf, descendants, isAlive, keeping, never, quiet, until } from "../../workers/fixture.ts";

const python = join(import.meta.dirname, "../../../../.python/models/bin/python");
const told = `import os, random
import numpy as np
def apply(model, df, param):
    return {"env": [os.environ.get("COMPUTE_BRIDGE_HOME")], "warm": ["COMPUTE_BRIDGE_WARM" in os.environ], "all": [" ".join(f"{name}={value}" for name, value in sorted(os.environ.items()))], "cwd": [os.getcwd()], "drawn": [f"{random.random()} {np.random.rand()}"]}
`;

/** All that runs below this process. */
const processes = () =>
  descendants().map((pid) => {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { pid, parent: Number(fields[1]), session: Number(fields[3]), nice: fields[16] };
  });
/** The warm process, and what it forked. */
const warm = () => processes().find(({ parent }) => parent === process.pid)?.pid ?? 0;
const forked = () => processes().flatMap(({ pid, parent }) => (parent === warm() ? [pid] : []));

describe.skipIf(process.platform !== "linux")("a spare worker", () => {
  let folder: string;
  let environment: Environment;
  const runtime = pythonRuntime(python, { PATH: process.env.PATH }, undefined);
  const spec = () => {
    const version = { name: "told", version: "1", notebook: null };
    return runtime.workerFor(version as never, join(folder, "version"), homeAt(join(folder, "home")));
  };
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "spare-"));
    await mkdir(join(folder, "version/app/model"), { recursive: true });
    await mkdir(join(folder, "home/app/model/data"), { recursive: true });
    writeFileSync(join(folder, "version/app/model/told.py"), told);
    environment = localEnvironment({ log: quiet });
    await environment.prepare(spec());
    await until(() => forked().length === 1);
  });
  afterEach(async () => {
    await environment[Symbol.asyncDispose]();
    expect(descendants()).toEqual([]);
    rmSync(folder, { recursive: true });
  });
  /** Whether a process has connected and waits to be told what it is: it works where workers do, and follows its own output. */
  const isConnected = (pid: number) =>
    readlinkSync(`/proc/${pid}/fd/1`).startsWith("pipe:") && readlinkSync(`/proc/${pid}/cwd`) === join(folder, "home");
  const answer = async () => {
    const worker = await environment.start(spec());
    const link = new WorkerLink(worker);
    await link.ready;
    const kept = keeping();
    const data = join(folder, "home/app/model/data");
    const model = { name: "told_default", key: null, folder: data, shared: data };
    await link.call({ ...callOf("apply"), model }, Buffer.from("a\n1\n"), kept.sink, never);
    return { worker, text: kept.text() };
  };

  it("becomes the next worker, in the environment, folder and session that are its own; another follows it", async () => {
    const [spare = 0] = forked();
    const first = await answer();
    expect(first.worker.pid).toBe(spare);
    expect(first.text).toContain(join(folder, "home"));
    expect(first.text).toContain("False");
    expect(readlinkSync(`/proc/${spare}/cwd`)).toBe(join(folder, "home"));
    expect(processes().find(({ pid }) => pid === spare)).toMatchObject({ session: spare, nice: "5" });
    // Where sessions are weighed, theirs is as low. Of users without privilege the system takes no two within a tenth of a second.
    if (process.getuid?.() === 0 && existsSync(`/proc/${spare}/autogroup`))
      expect(readFileSync(`/proc/${spare}/autogroup`, "utf8")).toContain("nice 5");
    await until(() => forked().length === 2);
    const second = await answer();
    expect(second.worker.pid).not.toBe(spare);
    expect(second.text).not.toBe(first.text); // it draws other numbers
    await first.worker.kill();
    expect(await first.worker.ended).toBe("the bridge ended it");
  });

  it("that was killed is missed by nobody, though it may be told before it is dead", async () => {
    const [spare = 0] = forked();
    process.kill(spare, "SIGKILL");
    const { worker, text } = await answer();
    expect(worker.pid).not.toBe(spare);
    expect(text).toContain(join(folder, "home"));
  });

  it("that has connected is whatever worker is asked for next, as if it had been started so", async () => {
    const first = await answer();
    const next = async (count: number, ...known: number[]) => {
      await until(() => forked().length === count);
      const [spare = 0] = forked().filter((pid) => !known.includes(pid));
      await until(() => isConnected(spare));
      await sleep(100); // until the bridge has taken the connection
      return spare;
    };
    const spare = await next(2, first.worker.pid);
    const second = await answer();
    expect(second.worker.pid).toBe(spare);
    const plain = ({ text }: typeof first) => text.replaceAll(/\d+\.sock|0\.\d+(e-\d+)?/g, "…");
    expect(plain(second)).toBe(plain(first));
    expect(second.text).not.toBe(first.text); // it draws other numbers

    const killed = await next(3, first.worker.pid, spare);
    process.kill(killed, "SIGKILL");
    await until(() => !isAlive(killed));
    const third = await answer();
    expect(plain(third)).toBe(plain(first));
    expect(third.worker.pid).not.toBe(killed);

    const known = [first.worker.pid, spare, third.worker.pid];
    const ended = await next(4, ...known);
    process.kill(ended, "SIGKILL");
    await until(() => !isAlive(ended));
    const followed = await next(4, ...known, ended);
    expect((await answer()).worker.pid).toBe(followed);

    const broken = { ...spec(), spare: { command: [python, "/nowhere"] as [string, string], told: [] } };
    await (await environment.start(broken)).kill();
    expect((await answer()).text).not.toBe("");
  });

  it("ends when the warm process is killed", async () => {
    const [spare = 0] = forked();
    process.kill(warm(), "SIGKILL");
    await until(() => !isAlive(spare));
  });
});
