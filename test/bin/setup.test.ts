import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { setupScript } from "./node-script.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "setup-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
const text = (value: string) => JSON.stringify(value);

describe("the set-up's lock", () => {
  it("lets one in at a time, and all in the end", async () => {
    const [lock, log] = [join(folder, "lock"), join(folder, "log")];
    const code = `
      import { appendFileSync } from "node:fs";
      import { setTimeout as sleep } from "node:timers/promises";
      await withLock(${text(lock)}, async () => {
        appendFileSync(${text(log)}, "in ");
        await sleep(50);
        appendFileSync(${text(log)}, "out ");
      });`;
    await Promise.all(Array.from({ length: 4 }, () => setupScript("lock.mjs", "withLock", code)));
    expect(await readFile(log, "utf8")).toBe("in out ".repeat(4));
    expect(await readdir(folder)).toEqual(["log"]);
  });

  it("is taken over from one that was killed", async () => {
    const killed = spawn(process.execPath, ["-e", ""]);
    await new Promise((end) => killed.once("exit", end));
    const lock = join(folder, "stale");
    await writeFile(lock, String(killed.pid));
    const { stdout } = await setupScript("lock.mjs", "withLock", `await withLock(${text(lock)}, async () => console.log("in"))`);
    expect(stdout).toBe("in\n");
  });
});

describe("a step of the set-up", () => {
  const step = (work: string, seed: string) =>
    setupScript(
      "stamp.mjs",
      "hashOf, once",
      `const done = await once(${text(join(folder, "stamp"))}, hashOf([${text(join(folder, "input"))}], ${text(seed)}), async () => { ${work} });
       console.log(done);`,
    ).then(({ stdout }) => stdout.trim());

  it("is done once, and again when what it depends on changed or when it was interrupted", async () => {
    expect([await step("", "a"), await step("", "a"), await step("", "b")]).toEqual(["true", "false", "true"]);
    await writeFile(join(folder, "input"), "new");
    await expect(step("process.exit(1)", "b")).rejects.toThrow();
    expect([await step("", "b"), await step("", "b")]).toEqual(["true", "false"]);
  });
});

it("says which Python is missing and how to get it", async () => {
  const failing = setupScript("find-python.mjs", "findPython", "findPython()", { PATH: folder });
  await expect(failing).rejects.toThrow(/No Python from 3\.11 on was found.*\n.*apt-get install python3 python3-venv/);
});
