import { spawn } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { killMarked } from "../../../server/environments/local/session.ts";
import { connectJupyter } from "../../../server/jupyter/client.ts";
import { notebook, type RunningJupyter, runningJupyter, until } from "./running.ts";

let running: RunningJupyter | undefined;
afterEach(async () => {
  await running?.[Symbol.asyncDispose]();
  running = undefined;
});

/** Processes whose command line names this BRIDGE_HOME: JupyterLab (by its port) and kernels (by their connection file). */
async function processes(...having: string[]): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (having.some((text) => line.includes(text))) found.push(pid);
  }
  return found;
}

describe.runIf(process.platform === "linux")("JupyterLab", () => {
  it("is started again when it dies, at the same address with the same token", async () => {
    running = await runningJupyter();
    const { jupyter, home } = running;
    const address = jupyter.address();
    const [pid] = await processes(`--ServerApp.port=${jupyter.port}`);
    process.kill(Number(pid), "SIGKILL");
    await until(() => !jupyter.ready());
    await until(() => jupyter.ready());
    expect(jupyter.address()).toBe(address);
    expect((await fetch(address)).status).toBe(200);
    expect(running.lines.some((line) => line.includes("started again") && line.includes("SIGKILL"))).toBe(true);

    // The hook finds the bridge again.
    using client = connectJupyter(running.root, jupyter.token);
    await client.createNotebook("again.ipynb", notebook("1"));
    await until(() => running?.saved.includes(join(home, "notebooks/again.ipynb")));
  });

  it("takes its kernels and what they started along when it is killed, and leaves no file of theirs", async () => {
    running = await runningJupyter({ endMarked: killMarked });
    const { jupyter, home, root } = running;
    const asleep = `sleep ${200_000 + process.pid}`;
    const authorization = `token ${jupyter.token}`;
    const kernel = await fetch(`${root}/api/kernels`, { method: "POST", headers: { authorization }, body: "{}" });
    expect(kernel.status).toBe(201);
    using client = connectJupyter(root, jupyter.token);
    // A cell that never ends and holds the interpreter: the kernel cannot notice that JupyterLab is gone.
    await client.createNotebook(
      "busy.ipynb",
      notebook(`import subprocess\nsubprocess.Popen("${asleep}".split(), start_new_session=True)\nsum(range(10**13))`),
    );
    const busy = client.execute("busy.ipynb", undefined).catch(() => "ended");
    await until(async () => (await processes(asleep.replace(" ", "\0"))).length === 1);
    const [pid] = await processes(`--ServerApp.port=${jupyter.port}`);
    const before = await processes(home, asleep.replace(" ", "\0"));
    process.kill(Number(pid), "SIGKILL");
    await until(() => !jupyter.ready());
    await until(() => jupyter.ready());
    expect((await processes(home, asleep.replace(" ", "\0"))).filter((each) => before.includes(each))).toEqual([]);
    const runtime = await readdir(join(home, ".bridge/jupyter/runtime"));
    expect(runtime.filter((name) => name.startsWith("kernel-"))).toEqual([]);
    void busy;
  });

  it("ends with its kernels when it is disposed of", async () => {
    const { jupyter, home, root, [Symbol.asyncDispose]: dispose } = await runningJupyter();
    await fetch(`${root}/api/kernels`, { method: "POST", headers: { authorization: `token ${jupyter.token}` }, body: "{}" });
    const mine = [`--ServerApp.port=${jupyter.port}`, home];
    expect((await processes(...mine)).length).toBeGreaterThan(1);
    await dispose();
    await until(async () => (await processes(...mine)).length === 0);
  });

  it("ends with its kernels when the bridge is killed", async () => {
    const bridge = spawn(process.execPath, [resolve(import.meta.dirname, "bridge-to-kill.ts")], { stdio: ["ignore", "pipe", "inherit"] });
    const said = await new Promise<string>((line) => bridge.stdout.once("data", (data: Buffer) => line(data.toString())));
    const { port, home } = JSON.parse(said) as { port: number; home: string };
    expect((await processes(`--ServerApp.port=${port}`, home)).length).toBeGreaterThan(1);
    bridge.kill("SIGKILL");
    await until(async () => (await processes(`--ServerApp.port=${port}`, home)).length === 0);
    const { rm } = await import("node:fs/promises");
    await rm(home, { recursive: true, force: true });
  });
});
