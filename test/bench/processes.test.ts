import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { children, privateMb, programOf, tree, watchMemory } from "../../bench/processes.ts";

// A process that takes 60 MB when it is told to, and says so.
const code =
  "process.stdin.on('data', () => { globalThis.kept = Buffer.alloc(60e6, 1); process.stdout.write('done') }); process.stdout.write('up')";
const child = spawn(process.execPath, ["-e", code], { stdio: ["pipe", "pipe", "inherit"] });
const pid = child.pid ?? 0;
beforeAll(() => once(child.stdout, "data"));
afterAll(() => child.kill());

describe.runIf(process.platform === "linux")("processes", () => {
  it("finds a process's children and programs", async () => {
    expect(await children(process.pid)).toContain(pid);
    expect(await tree(pid)).toContain(pid);
    expect(await programOf(pid)).toMatch(/node$/);
    expect(await children(2 ** 30)).toEqual([]);
  });

  it("sees how far memory grew, and what is a process's own", async () => {
    const before = await privateMb(pid);
    const grown = await watchMemory(pid);
    child.stdin.write("x");
    await once(child.stdout, "data");
    const [own] = await grown();
    expect(own).toMatchObject({ isNode: true });
    expect(own?.grown).toBeGreaterThan(55);
    expect((await privateMb(pid)) - before).toBeGreaterThan(55);
    expect(own?.before).toBeGreaterThan(20);
  });
});
