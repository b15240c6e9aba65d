import { execFile, execFileSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, open, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { saveNotebook, testBridge } from "./support/bridge.ts";
import { type BridgeProcess, bridgeProcess, peakMemory } from "./support/bridge-process.ts";
import { answering, odd } from "./support/odd.ts";

const run = promisify(execFile);
const isRoot = process.getuid?.() === 0;
/** Mounts are made in a namespace of the bridge's own; the tests reach into it through /proc. */
const own = isRoot ? ["unshare", "--mount"] : ["unshare", "--map-root-user", "--mount"];
const mayMount = works([...own, "mount", "-t", "tmpfs", "tmpfs", "/mnt"]);
/** Root may read all, unless it lacks these rights. */
const bound = isRoot ? ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] : [];
const mayBeBound = works([...bound, "true"]);
const WHY_NO_MOUNT = "this machine lets nobody mount in a namespace of his own";

const homes: string[] = [];
afterAll(async () => {
  for (const each of homes) await rm(each, { recursive: true, force: true });
});
async function newHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), "odd-"));
  homes.push(home);
  return home;
}

const asker = (bridge: BridgeProcess) => ({
  ask: (path: string, init: RequestInit = {}) =>
    fetch(bridge.url + path, { ...init, headers: { authorization: `Bearer ${bridge.token}`, ...init.headers } }),
});
const { text } = odd(() => {
  throw new Error("only for texts");
});

describe("a disk that fills", () => {
  it("leaves the old version serving and says so; all goes on by itself when there is room", async (context) => {
    if (!mayMount) return context.skip(WHY_NO_MOUNT);
    const home = await newHome();
    await using bridge = await bridgeProcess(home, { under: mounting("size=24m", home, "notebooks") });
    const inside = join(`/proc/${bridge.child.pid}/root`, home);
    const { ask } = asker(bridge);
    const { say, codes, state } = odd(() => ({ ask }));
    const stage = () =>
      ask("/v1/compute?mode=stage&model_name=rows", { method: "POST", body: "a\n1\n", headers: { "content-type": "text/csv" } });
    await saveNotebook(join(inside, "notebooks/x.ipynb"), answering("old"));
    expect(await say("x")).toBe("old");
    await writeFile(join(inside, "notebooks/.later"), text(answering("new")));
    await writeFile(join(inside, "notebooks/.first"), text(answering("first")));
    await fill(join(inside, "filler"));

    await rename(join(inside, "notebooks/.later"), join(inside, "notebooks/x.ipynb"));
    await rename(join(inside, "notebooks/.first"), join(inside, "notebooks/y.ipynb"));
    await expect.poll(() => codes("x"), { timeout: 10_000 }).toEqual(["disk-full"]);
    await expect.poll(() => codes("y"), { timeout: 10_000 }).toEqual(["disk-full"]);
    expect((await state("x")).problems[0]?.hint).toContain("goes live by itself");
    expect(await say("x")).toBe("old");
    expect(await say("y")).toBe("NOT_LIVE");
    const refused = await stage();
    expect([refused.status, await refused.json()]).toMatchObject([507, { code: "DISK_FULL" }]);
    expect((await ask("/v1/datasets/rows")).status).toBe(404);
    const ready = (await (await ask("/health/ready")).json()) as { ready: boolean; checks: { name: string; detail: string }[] };
    expect(ready.ready).toBe(true);
    expect(ready.checks.find((each) => each.name === "disk")?.detail).toContain("is full");

    await rm(join(inside, "filler"));
    await expect.poll(() => state("x"), { timeout: 40_000 }).toMatchObject({ state: "live", problems: [] });
    await expect.poll(() => state("y"), { timeout: 40_000 }).toMatchObject({ state: "live", problems: [] });
    expect([await say("x"), await say("y")]).toEqual(["new", "first"]);
    expect((await stage()).status).toBe(200);
    const left = await readdir(inside, { recursive: true });
    expect(left.filter((each) => /\.new-|\.unfinished-|\.rows$/.test(each))).toEqual([]);
  }, 120_000);
});

describe("the notebooks folder", () => {
  it("unmounted leaves everything serving; mounted again, the next save goes live", async (context) => {
    if (!mayMount) return context.skip(WHY_NO_MOUNT);
    const home = await newHome();
    await mkdir(join(home, "notebooks"));
    const disk = await newHome();
    await saveNotebook(join(disk, "x.ipynb"), answering("one"));
    const folder = join(home, "notebooks");
    await using bridge = await bridgeProcess(home, {
      under: [...own, "sh", "-c", 'mount --bind "$0" "$1" && shift && exec "$@"', disk, folder],
    });
    const { say, state } = odd(() => asker(bridge));
    const inNamespace = (...command: string[]) =>
      run("nsenter", [
        "--target",
        String(bridge.child.pid),
        ...(isRoot ? [] : ["--user", "--preserve-credentials"]),
        "--mount",
        ...command,
      ]);
    expect(await say("x")).toBe("one");
    await inNamespace("umount", "--lazy", folder);
    await expect.poll(async () => (await state("x")).state, { timeout: 10_000 }).toBe("missing");
    expect(await say("x")).toBe("one");
    await inNamespace("mount", "--bind", disk, folder);
    await expect.poll(async () => (await state("x")).state, { timeout: 10_000 }).toBe("live");
    // Noticed without a call and long before the next look through all files.
    await saveNotebook(join(disk, "x.ipynb"), answering("two"));
    await saveNotebook(join(disk, "y.ipynb"), answering("new"));
    await expect.poll(async () => (await state("y")).state, { timeout: 10_000 }).toBe("live");
    expect([await say("x"), await say("y")]).toEqual(["two", "new"]);
  }, 60_000);

  it("replaced by another one is followed", async () => {
    await using test = await testBridge();
    const { say, state } = odd(() => test);
    const at = (path: string) => join(test.home, path);
    await test.save("x.ipynb", answering("one"));
    expect(await say("x")).toBe("one");
    await saveNotebook(at("other/x.ipynb"), answering("two"));
    await rename(at("notebooks"), at("old"));
    await rename(at("other"), at("notebooks"));
    expect(await say("x")).toBe("two");
    await rename(at("notebooks"), at("other"));
    await expect.poll(async () => (await state("x")).state, { timeout: 10_000 }).toBe("missing");
    expect(await say("x")).toBe("two");
    await rename(at("old"), at("notebooks"));
    await expect.poll(async () => (await state("x")).state, { timeout: 10_000 }).toBe("live");
    await test.save("y.ipynb", answering("y"));
    await expect.poll(async () => (await state("y")).state, { timeout: 10_000 }).toBe("live");
    expect(await say("x")).toBe("one");
  });
});

it("a disk that sends no notifications: saves, renames and deletions are seen all the same", async () => {
  await using test = await testBridge({ BRIDGE_WATCH: "scan" });
  const { say, state } = odd(() => test);
  await test.save("x.ipynb", answering("one"));
  await expect.poll(() => state("x"), { timeout: 10_000 }).toMatchObject({ state: "live" }); // nobody called
  await test.save("x.ipynb", answering("two"));
  expect(await say("x")).toBe("two");
  await rename(join(test.home, "notebooks/x.ipynb"), join(test.home, "notebooks/z.ipynb"));
  await expect.poll(async () => [(await state("x")).state, (await state("z")).state], { timeout: 10_000 }).toEqual(["missing", "live"]);
  await mkdir(join(test.home, "app/model"), { recursive: true });
  await writeFile(join(test.home, "app/model/laid.py"), "def apply(model, df, param):\n    return {'said': ['laid']}\n");
  await expect.poll(async () => (await state("laid")).state, { timeout: 10_000 }).toBe("live");
  await rm(join(test.home, "notebooks/z.ipynb"));
  await expect.poll(async () => (await state("z")).state, { timeout: 10_000 }).toBe("missing");
});

it("a file that the bridge may not read says so, and is live when it may", async (context) => {
  if (!mayBeBound) return context.skip("this machine lets root give up none of its rights");
  const home = await newHome();
  await mkdir(join(home, "notebooks/closed"), { recursive: true });
  const file = join(home, "notebooks/x.ipynb");
  const inner = join(home, "notebooks/closed/inner.ipynb");
  await saveNotebook(inner, answering("inner"));
  await using bridge = await bridgeProcess(home, { under: bound });
  const { say, codes, state } = odd(() => asker(bridge));
  await writeFile(file, text(answering("read")), { mode: 0 });
  await expect.poll(() => codes("x"), { timeout: 10_000 }).toEqual(["unreadable"]);
  expect(await say("x")).toBe("NOT_LIVE");
  await chmod(file, 0o644);
  await expect.poll(() => state("x"), { timeout: 10_000 }).toMatchObject({ state: "live", problems: [] });
  expect(await say("x")).toBe("read");
  // A folder that cannot be entered any more: what is in it is not gone.
  expect(await say("inner")).toBe("inner");
  await chmod(join(home, "notebooks/closed"), 0);
  await expect.poll(() => say("inner").then(() => codes("inner")), { timeout: 10_000 }).toEqual(["unreadable"]);
  expect(await say("inner")).toBe("inner");
  await chmod(join(home, "notebooks/closed"), 0o755);
  await expect.poll(() => state("inner"), { timeout: 10_000 }).toMatchObject({ state: "live", problems: [] });
}, 120_000);

describe("a long notebook", () => {
  it("of 100 MB goes live while others are answered, in bounded memory", async () => {
    await using bridge = await bridgeProcess();
    const { say, state } = odd(() => asker(bridge));
    const at = (path: string) => join(bridge.home, "notebooks", path);
    await saveNotebook(at("small.ipynb"), answering("small"));
    expect(await say("small")).toBe("small");
    const before = await peakMemory(bridge.child.pid ?? 0);
    const line = `"${"x".repeat(70)}\\n",`;
    const long = `${line.repeat(Math.ceil((100 * 2 ** 20) / line.length)).slice(0, -1)}`;
    const whole = text(answering("big")).replace('"outputs":[]', `"outputs":[{"output_type":"stream","name":"stdout","text":[${long}]}]`);
    expect(whole.length).toBeGreaterThan(100 * 2 ** 20);
    await writeFile(at("big.ipynb.tmp"), whole);
    await rename(at("big.ipynb.tmp"), at("big.ipynb"));
    const took: number[] = [];
    while ((await state("big")).state !== "live") {
      const began = performance.now();
      expect(await say("small")).toBe("small");
      took.push(performance.now() - began);
    }
    expect(await say("big")).toBe("big");
    expect(took.length).toBeGreaterThan(10);
    expect((await peakMemory(bridge.child.pid ?? 0)) - before).toBeLessThan(1000);
  }, 120_000);

  it("that is longer than can be read says so", async () => {
    await using test = await testBridge();
    const { codes } = odd(() => test);
    await using file = await open(join(test.home, "notebooks/huge.ipynb"), "w");
    await file.truncate(300 * 2 ** 20); // holes: it takes no room
    await expect.poll(() => codes("huge")).toEqual(["too-large"]);
  });

  it("of 10,000 cells goes live", async () => {
    await using test = await testBridge();
    const { say, state } = odd(() => test);
    for (const cells of [1000, 10_000]) {
      const many = [...answering(`${cells}`), ...Array.from({ length: cells - 2 }, (_, i) => `value_${i} = ${i}`)];
      await test.save(`many_${cells}.ipynb`, many);
      await expect.poll(async () => (await state(`many_${cells}`)).state, { timeout: 50_000 }).toBe("live");
      expect(await say(`many_${cells}`)).toBe(`${cells}`);
    }
  }, 120_000);
});

function works([command = "", ...args]: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** A command that mounts a disk of its own at a folder, makes one in it, and goes on. */
function mounting(size: string, folder: string, inner: string): string[] {
  return [...own, "sh", "-c", 'mount -t tmpfs -o "$0" tmpfs "$1" && mkdir "$1/$2" && shift 2 && exec "$@"', size, folder, inner];
}

/** Writes until there is no room. */
async function fill(path: string): Promise<void> {
  await using file = await open(path, "w");
  for (const size of [2 ** 20, 4096]) {
    for (;;) {
      const written = await file.write(Buffer.alloc(size)).catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOSPC") return { bytesWritten: 0 };
        throw error;
      });
      if (written.bytesWritten < size) break;
    }
  }
}
