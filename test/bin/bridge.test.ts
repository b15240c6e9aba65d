import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

// A checkout in small: the real bridge.mjs, a pinned Node (this one under another number), and a command line that tells what it gets.
const cli = `
  process.once("disconnect", () => { console.log("alone"); process.exit(0); });
  process.channel?.unref();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => { console.log(signal); process.exit(5); });
  console.log("up " + process.argv.slice(2).join(" ") + " " + process.pid);
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
    expect(line).toMatch(/^up exit 7 \d+$/);
    expect(line).not.toContain(String(child.pid));
    expect(await once(child, "exit")).toEqual([7, null]);
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
});
