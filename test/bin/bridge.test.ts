import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { endOf } from "./command-line.ts";

// A checkout in small: the real bridge.mjs, a pinned Node (this one under another number), and a command line that tells what it gets.
const cli = `
  process.once("disconnect", () => { console.log("alone"); process.exit(0); });
  process.channel?.unref();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => { console.log(signal); process.exit(5); });
  console.log("up " + process.argv.slice(2).join(" ") + " " + process.pid + " " + process.execArgv.join(" "));
  if (process.argv[2] === "exit") process.exit(Number(process.argv[3]));
  if (process.argv[2] === "abort") process.kill(process.pid, "SIGKILL");
  setInterval(() => {}, 1000);
`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bridge-"));
  const node = join(folder, "node_modules/node");
  await mkdir(join(folder, "bin"), { recursive: true });
  await mkdir(join(node, "bin"), { recursive: true });
  await copyFile(resolve(import.meta.dirname, "../../bin/bridge.mjs"), join(folder, "bin/bridge.mjs"));
  await writeFile(join(folder, "package.json"), '{"type": "module"}');
  await writeFile(join(folder, "bin/cli.ts"), cli);
  await writeFile(join(node, "package.json"), '{"name": "node", "version": "24.0.0"}');
  await symlink(process.execPath, join(node, "bin/node"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function bridge(...args: string[]): { child: ChildProcess; next: () => Promise<string> } {
  const child = spawn(process.execPath, [join(folder, "bin/bridge.mjs"), ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { child, next: async () => (await lines.next()).value ?? "" };
}

describe("bridge.mjs", () => {
  it("goes on in the pinned Node with the same arguments and keeps the exit code", async () => {
    const { child, next } = bridge("exit", "7");
    const line = await next();
    expect(line).toMatch(/^up exit 7 \d+ $/);
    expect(line).not.toContain(String(child.pid));
    expect(await once(child, "exit")).toEqual([7, null]);
  });

  it.each([
    ["the pinned Node is another one", "24.0.0"],
    ["this is the pinned Node", process.versions.node],
  ])("gives servers the engine's settings, and no other command: %s", async (_, version) => {
    const file = join(folder, "node_modules/node/package.json");
    await writeFile(file, JSON.stringify({ name: "node", version }));
    try {
      const started = bridge("start", "2");
      expect(await started.next()).toMatch(/^up start 2 \d+ --max-semi-space-size=\d+ /);
      started.child.kill();
      expect(await once(started.child, "exit")).toEqual([5, null]);
      const other = bridge("exit", "0");
      expect(await other.next()).toMatch(/^up exit 0 \d+ $/);
    } finally {
      await writeFile(file, '{"name": "node", "version": "24.0.0"}');
    }
  });

  it("ends by the signal that ended the other", async () => {
    const { child } = bridge("abort");
    expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);
  });

  it.each(["SIGTERM", "SIGINT"] as const)("passes %s on", async (signal) => {
    const { child, next } = bridge("wait");
    await next();
    const ended = once(child, "exit");
    child.kill(signal);
    expect(await next()).toBe(signal);
    expect(await ended).toEqual([5, null]);
  });

  it("is noticed when it is killed", async () => {
    const { child, next } = bridge("wait");
    await next();
    child.kill("SIGKILL");
    expect(await next()).toBe("alone");
  });

  it("is found through a link on the PATH, from any folder", async () => {
    await mkdir(join(folder, "on-path"));
    await symlink(join(folder, "bin/bridge.mjs"), join(folder, "on-path/bridge"));
    const env = { PATH: `${join(folder, "on-path")}:${dirname(process.execPath)}:${process.env.PATH}` };
    expect(await endOf(spawn("bridge", ["exit", "3"], { env, cwd: tmpdir() }))).toMatchObject({
      code: 3,
      out: expect.stringMatching(/^up exit 3/),
    });
  });

  it("says what to do when it is a copy that Node cannot run, or nothing is installed", async () => {
    const copy = join(folder, "lib/node_modules/compute-bridge");
    const bare = join(folder, "bare");
    for (const each of [copy, bare]) {
      await mkdir(join(each, "bin"), { recursive: true });
      await copyFile(resolve(import.meta.dirname, "../../bin/bridge.mjs"), join(each, "bin/bridge.mjs"));
      await writeFile(join(each, "bin/cli.ts"), "");
    }
    expect(await endOf(spawn(process.execPath, [join(copy, "bin/bridge.mjs")]))).toEqual({
      code: 1,
      out: "",
      err: `${copy} is a copy, and Node runs no TypeScript under node_modules.\n  Link to the checkout instead: npm install -g . in its folder.\n`,
    });
    await rm(join(folder, "node_modules"), { recursive: true });
    expect(await endOf(spawn(process.execPath, [join(bare, "bin/bridge.mjs")]))).toMatchObject({
      code: 1,
      err: expect.stringContaining(`is not installed in ${bare}.\n  Run node ${bare}/bin/setup.mjs once`),
    });
  });
});
